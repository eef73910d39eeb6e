import { definePermissions } from '../../common/permissions.js';

export const PersonalTokenPermissions = definePermissions('PersonalToken', {
  create: {
    identifier: 'create_personal_token',
    action: 'create',
    description: 'Create personal access tokens within the rights that one has.',
  },
  manage: {
    identifier: 'manage_personal_tokens',
    action: 'manage',
    description: "See and revoke everybody's personal access tokens.",
  },
});
