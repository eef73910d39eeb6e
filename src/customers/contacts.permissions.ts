import { definePermissions } from '../common/permissions.js';

export const ContactPermissions = definePermissions('Contact', {
  view: { identifier: 'view_contact', action: 'view', description: 'Read all contacts.' },
  create: { identifier: 'create_contact', action: 'create', description: 'Create contacts.' },
  update: { identifier: 'update_contact', action: 'update', description: 'Edit all contacts.' },
  delete: { identifier: 'delete_contact', action: 'delete', description: 'Delete contacts.' },
  viewOwn: {
    identifier: 'view_own_contact',
    action: 'view',
    own: true,
    description: "Read the contacts of one's own customers.",
  },
});
