import { definePermissions } from '../common/permissions.js';

export const UserPermissions = definePermissions('User', {
  view: { identifier: 'view_user', action: 'view', description: 'Read users.' },
  create: { identifier: 'create_user', action: 'create', description: 'Create users with roles that one holds.' },
  update: { identifier: 'update_user', action: 'update', description: 'Edit users who hold no more than oneself.' },
  delete: { identifier: 'delete_user', action: 'delete', description: 'Delete users who hold no more than oneself.' },
  resetPassword: {
    identifier: 'reset_user_password',
    action: 'reset_password',
    description: "Reset another user's password.",
  },
  manageOwn: {
    identifier: 'manage_own_users',
    action: 'manage_own',
    description: "Look after the users of one's own customers, in the role Customer only.",
  },
});
