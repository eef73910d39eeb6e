import { defineErrors } from '../common/errors.js';

export const RbacErrors = defineErrors('rbac', {
  missingPermission: 'This needs the permission {permission}, which {principal} does not hold.',
  wrongPrincipal: 'Only for: {kinds}. You come as {kind}.',
  cannotGrant: 'You cannot give what you do not hold: {permissions}.',
  giverGone: 'Your access ended while this request was under way: nothing was given.',
  roleNotFound: 'There is no role {id}.',
  roleNameTaken: 'There is already a role with this name.',
  adminProtected: 'The role Admin is what it is: it cannot be edited.',
  builtIn: 'The role {role} is built in: it keeps its name and cannot be deleted.',
  roleAssigned: 'The role {role} is assigned to {holders}: name a replacement_role_id that takes its place.',
  roleConfigured: 'The configuration file names the role {role} at {places}: change the file first.',
});
