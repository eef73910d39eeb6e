import { definePermissions } from '../common/permissions.js';

export const ServicePermissions = definePermissions('Service', {
  view: { identifier: 'view_service', action: 'view', description: 'Read all services.' },
  create: { identifier: 'create_service', action: 'create', description: 'Create services.' },
  update: { identifier: 'update_service', action: 'update', description: 'Edit all services.' },
  delete: { identifier: 'delete_service', action: 'delete', description: 'Delete services.' },
  viewOwn: {
    identifier: 'view_own_service',
    action: 'view',
    own: true,
    description: "Read the services of one's own customers.",
  },
});
