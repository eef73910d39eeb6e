import { definePermissions } from '../common/permissions.js';

export const ProvisioningPermissions = definePermissions('Provisioning', {
  run: { identifier: 'provisioning', action: 'run', description: 'Run and change provisioning jobs.' },
  view: { identifier: 'view_provisioning', action: 'view', description: 'Read provisioning jobs.' },
});
