import { definePermissions } from '../common/permissions.js';

export const PaymentPermissions = definePermissions('Payment', {
  view: { identifier: 'view_payment', action: 'view', description: 'Read all payments.' },
  create: { identifier: 'create_payment', action: 'create', description: 'Create payments.' },
  refund: { identifier: 'refund_payment', action: 'refund', description: 'Refund payments.' },
  viewOwn: {
    identifier: 'view_own_payment',
    action: 'view',
    own: true,
    description: "Read the payments of one's own customers.",
  },
  createOwn: {
    identifier: 'create_own_payment',
    action: 'create',
    own: true,
    description: "Create payments for one's own customers.",
  },
});
