import { definePermissions } from '../common/permissions.js';

export const IpWhitelistPermissions = definePermissions('IpWhitelist', {
  view: {
    identifier: 'view_ip_whitelist',
    action: 'view',
    description: 'Read the trusted addresses of the configuration.',
  },
});
