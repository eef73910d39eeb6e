import { definePermissions } from '../../common/permissions.js';

export const PersonalTokenPermissions = definePermissions('PersonalToken', {
  create: {
    identifier: 'create_personal_token',
    action: 'create',
    description: 'Create personal access tokens within the rights that one has.',
  },
  manage: {
    identifier: 'manage_personal_tokens',
    // Not CASL's word for every action: who looks after others' tokens may not for that make some.
    action: 'manage_all',
    description: "See and revoke everybody's personal access tokens.",
  },
});
