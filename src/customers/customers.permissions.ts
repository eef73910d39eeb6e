import { definePermissions } from '../common/permissions.js';

export const CustomerPermissions = definePermissions('Customer', {
  view: { identifier: 'view_customer', action: 'view', description: 'Read all customers.' },
  create: { identifier: 'create_customer', action: 'create', description: 'Create customers.' },
  update: { identifier: 'update_customer', action: 'update', description: 'Edit all customers.' },
  delete: { identifier: 'delete_customer', action: 'delete', description: 'Delete customers.' },
  viewOwn: { identifier: 'view_own_customer', action: 'view', own: true, description: "Read one's own customers." },
  updateOwn: {
    identifier: 'update_own_customer',
    action: 'update',
    own: true,
    fields: ['email', 'phone', 'address', 'language'],
    description: "Edit e-mail, phone, address and language of one's own customers.",
  },
});
