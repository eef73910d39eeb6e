import { definePermissions } from '../common/permissions.js';

export const AuthzPermissions = definePermissions('Role', {
  explain: { identifier: 'explain_permission', action: 'explain', description: 'Ask who may do what, and why.' },
});
