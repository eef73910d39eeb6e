/** What the built-in roles grant (spec: permissions). They are made at first start; all but Admin may be edited later. */
export interface BuiltInRole {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

export const ADMIN_ROLE = 'Admin';
export const CUSTOMER_ROLE = 'Customer';

const each = (verbs: readonly string[], nouns: readonly string[]): string[] =>
  nouns.flatMap((noun) => verbs.map((verb) => `${verb}_${noun}`));

const EVERY_OWN = each(
  ['view_own'],
  [
    'customer',
    'contact',
    'site',
    'service',
    'inventory',
    'transaction',
    'invoice',
    'payment',
    'payment_method',
    'activity_log',
  ],
);

export const BUILT_IN_ROLES: readonly BuiltInRole[] = [
  { name: ADMIN_ROLE, description: 'Everything.', permissions: ['admin'] },
  {
    name: 'Support',
    description: 'Looks after customers, their sites and services.',
    permissions: [
      ...each(['view', 'create', 'update'], ['customer', 'contact', 'site', 'service']),
      ...each(['view'], ['product', 'inventory', 'provisioning', 'transaction', 'invoice', 'activity_log']),
      'provisioning',
    ],
  },
  {
    name: 'Finance',
    description: 'Bills customers and takes their payments.',
    permissions: [
      ...each(['view'], ['customer', 'service']),
      ...each(['view', 'create', 'update', 'delete'], ['transaction', 'invoice']),
      ...['view_payment', 'create_payment', 'refund_payment'],
      ...each(['view', 'create', 'delete'], ['payment_method']),
    ],
  },
  {
    name: 'Customer Admin',
    description: 'Runs the account of its own customer.',
    permissions: [...EVERY_OWN, 'update_own_customer', 'create_own_payment', 'manage_own_users'],
  },
  {
    name: CUSTOMER_ROLE,
    description: 'Sees and pays for what its own customer has.',
    permissions: [
      ...each(['view_own'], ['customer', 'service', 'invoice', 'transaction', 'payment_method']),
      'create_own_payment',
    ],
  },
];
