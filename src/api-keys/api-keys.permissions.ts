import { definePermissions } from '../common/permissions.js';

export const ApiKeyPermissions = definePermissions('ApiKey', {
  manage: {
    identifier: 'manage_api_keys',
    action: 'manage',
    description: 'See, create, edit, regenerate and revoke API keys, and see how they are used.',
  },
});
