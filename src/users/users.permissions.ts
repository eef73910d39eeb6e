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
  viewBasic: {
    identifier: 'view_basic_user',
    action: 'view',
    fields: [
      ...['user_id', 'name', 'status', 'roles', 'customer_ids', 'two_factor_enabled', 'last_login_at'],
      ...['created', 'updated'],
    ],
    description: 'Read users, without their e-mail addresses.',
  },
  updateBasic: {
    identifier: 'update_basic_user',
    action: 'update',
    fields: ['name', 'status', 'customer_ids'],
    description: 'Edit users who hold no more than oneself, but not their e-mail addresses.',
  },
  manageOwn: {
    identifier: 'manage_own_users',
    action: 'manage_own',
    also: ['view', 'create', 'update', 'delete', 'reset_password'],
    own: true,
    description: "Look after the users of one's own customers, in the role Customer only.",
  },
});
