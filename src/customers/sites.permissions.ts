import { definePermissions } from '../common/permissions.js';

export const SitePermissions = definePermissions('Site', {
  view: { identifier: 'view_site', action: 'view', description: 'Read all sites.' },
  create: { identifier: 'create_site', action: 'create', description: 'Create sites.' },
  update: { identifier: 'update_site', action: 'update', description: 'Edit all sites.' },
  delete: { identifier: 'delete_site', action: 'delete', description: 'Delete sites.' },
  viewOwn: {
    identifier: 'view_own_site',
    action: 'view',
    own: true,
    description: "Read the sites of one's own customers.",
  },
});
