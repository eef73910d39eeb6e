import { definePermissions } from '../common/permissions.js';

export const ScimPermissions = definePermissions('Scim', {
  manage: { identifier: 'manage_scim', action: 'manage', description: 'Provision users and groups through SCIM.' },
});
