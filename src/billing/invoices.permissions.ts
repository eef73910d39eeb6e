import { definePermissions } from '../common/permissions.js';

export const InvoicePermissions = definePermissions('Invoice', {
  view: { identifier: 'view_invoice', action: 'view', description: 'Read all invoices.' },
  create: { identifier: 'create_invoice', action: 'create', description: 'Create invoices.' },
  update: { identifier: 'update_invoice', action: 'update', description: 'Edit all invoices.' },
  delete: { identifier: 'delete_invoice', action: 'delete', description: 'Delete invoices.' },
  viewOwn: {
    identifier: 'view_own_invoice',
    action: 'view',
    own: true,
    description: "Read the invoices of one's own customers.",
  },
});
