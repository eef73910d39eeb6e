import { definePermissions } from '../common/permissions.js';

export const PaymentMethodPermissions = definePermissions('PaymentMethod', {
  view: { identifier: 'view_payment_method', action: 'view', description: 'Read all payment methods.' },
  create: { identifier: 'create_payment_method', action: 'create', description: 'Create payment methods.' },
  delete: { identifier: 'delete_payment_method', action: 'delete', description: 'Delete payment methods.' },
  viewOwn: {
    identifier: 'view_own_payment_method',
    action: 'view',
    own: true,
    description: "Read the payment methods of one's own customers.",
  },
});
