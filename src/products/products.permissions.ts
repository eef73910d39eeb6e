import { definePermissions } from '../common/permissions.js';

export const ProductPermissions = definePermissions('Product', {
  view: { identifier: 'view_product', action: 'view', description: 'Read all products.' },
  create: { identifier: 'create_product', action: 'create', description: 'Create products.' },
  update: { identifier: 'update_product', action: 'update', description: 'Edit all products.' },
  delete: { identifier: 'delete_product', action: 'delete', description: 'Delete products.' },
});
