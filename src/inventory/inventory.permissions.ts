import { definePermissions } from '../common/permissions.js';

export const InventoryPermissions = definePermissions('Inventory', {
  view: { identifier: 'view_inventory', action: 'view', description: 'Read all inventory items.' },
  create: { identifier: 'create_inventory', action: 'create', description: 'Create inventory items.' },
  update: { identifier: 'update_inventory', action: 'update', description: 'Edit all inventory items.' },
  delete: { identifier: 'delete_inventory', action: 'delete', description: 'Delete inventory items.' },
  viewOwn: {
    identifier: 'view_own_inventory',
    action: 'view',
    own: true,
    description: "Read the inventory items of one's own customers.",
  },
});
