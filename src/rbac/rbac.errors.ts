import { defineErrors } from '../common/errors.js';

export const RbacErrors = defineErrors('rbac', {
  missingPermission: 'This needs the permission {permission}, which {principal} does not hold.',
  wrongPrincipal: 'Only for: {kinds}. You come as {kind}.',
  cannotGrant: 'You cannot give what you do not hold: {permissions}.',
  roleNotFound: 'There is no role {id}.',
});
