import { definePermissions } from '../common/permissions.js';

export const TransactionPermissions = definePermissions('Transaction', {
  view: { identifier: 'view_transaction', action: 'view', description: 'Read all transactions.' },
  create: { identifier: 'create_transaction', action: 'create', description: 'Create transactions.' },
  update: { identifier: 'update_transaction', action: 'update', description: 'Edit all transactions.' },
  delete: { identifier: 'delete_transaction', action: 'delete', description: 'Delete transactions.' },
  viewOwn: {
    identifier: 'view_own_transaction',
    action: 'view',
    own: true,
    description: "Read the transactions of one's own customers.",
  },
});
