import { defineErrors } from '../common/errors.js';

export const UserErrors = defineErrors('users', {
  notFound: 'There is no user {id}.',
  emailTaken: 'There is already a user with this e-mail address.',
  selfDeactivation: 'You cannot deactivate yourself: ask another administrator.',
  selfRemoval: 'You cannot delete yourself: ask another administrator.',
  lastAdministrator: 'This is the last active administrator: appoint another one first.',
  targetAboveYou: 'This user has rights that you lack: {permissions}.',
  foreignCustomers: 'This user belongs to customers that you do not belong to.',
  fieldsHidden: 'You may not read these fields of a user: {fields}.',
  fieldsForbidden: 'You may not change these fields of a user: {fields}.',
  beyondYourCustomers:
    'You look after users of your own customers in the role {role}: they belong to one of these at least, to no other, and have no other role.',
  deactivated: 'This user is deactivated: activate the account first.',
  invalidToken: 'This token is not valid: it was used or replaced, or it never was one. Ask for a new mail.',
  tokenExpired: 'This token expired at {at}. Ask for a new mail.',
});
