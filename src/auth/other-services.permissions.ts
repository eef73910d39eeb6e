import { definePermissions } from '../common/permissions.js';

export const TokenPermissions = definePermissions('ApiKey', {
  introspect: {
    identifier: 'introspect_token',
    action: 'introspect',
    description: 'Ask whether a token is alive and what it may do (RFC 7662).',
  },
});
