import { definePermissions } from '../common/permissions.js';

/** What is written of a customer, but the tax id: whatever is not listed here stays covered. */
const BASIC = [
  ...['customer_name', 'customer_type', 'status', 'email', 'phone', 'address'],
  ...['currency', 'language', 'account_manager'],
];

export const CustomerPermissions = definePermissions('Customer', {
  view: { identifier: 'view_customer', action: 'view', description: 'Read all customers.' },
  create: { identifier: 'create_customer', action: 'create', description: 'Create customers.' },
  update: { identifier: 'update_customer', action: 'update', description: 'Edit all customers.' },
  delete: { identifier: 'delete_customer', action: 'delete', description: 'Delete customers.' },
  viewOwn: { identifier: 'view_own_customer', action: 'view', own: true, description: "Read one's own customers." },
  viewBasic: {
    identifier: 'view_basic_customer',
    action: 'view',
    fields: ['customer_id', ...BASIC, 'created', 'updated'],
    description: 'Read all customers, without their tax id.',
  },
  updateBasic: {
    identifier: 'update_basic_customer',
    action: 'update',
    fields: BASIC,
    description: 'Edit all customers, but not their tax id.',
  },
  updateOwn: {
    identifier: 'update_own_customer',
    action: 'update',
    own: true,
    fields: ['email', 'phone', 'address', 'language'],
    description: "Edit e-mail, phone, address and language of one's own customers.",
  },
});
