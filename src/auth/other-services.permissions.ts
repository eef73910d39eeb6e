import { definePermissions } from '../common/permissions.js';

/** A subject of its own: who manages API keys may do everything to that subject, and this is no part of it. */
export const TokenPermissions = definePermissions('Token', {
  introspect: {
    identifier: 'introspect_token',
    action: 'introspect',
    description: 'Ask whether a token is alive and what it may do (RFC 7662).',
  },
});
