import { definePermissions } from '../common/permissions.js';

/** The one permission that is not about a thing: it implies all others (R9). */
export const AdminPermissions = definePermissions('all', {
  admin: {
    identifier: 'admin',
    action: 'manage',
    description: 'Everything. Expiry, address lists and limits still hold.',
  },
});

export const RolePermissions = definePermissions('Role', {
  view: { identifier: 'view_role', action: 'view', description: 'Read roles and the permission catalogue.' },
  create: { identifier: 'create_role', action: 'create', description: 'Create roles from permissions that one holds.' },
  update: {
    identifier: 'update_role',
    action: 'update',
    description: 'Edit roles within the permissions that one holds.',
  },
  delete: { identifier: 'delete_role', action: 'delete', description: 'Delete roles that nobody has.' },
  assign: { identifier: 'assign_role', action: 'assign', description: 'Give roles to users within what one holds.' },
});
