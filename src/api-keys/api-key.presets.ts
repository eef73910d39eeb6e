/** What most keys are made for (K22): a starting point that grants no more than the job needs. */
export interface ApiKeyPreset {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
  /** Null = no expiry: monitoring must not go blind one day. */
  readonly lifetimeDays: number | null;
  /** The key sees only what belongs to the customers it acts for, so they have to be named. */
  readonly needsCustomers: boolean;
}

export const API_KEY_PRESETS: readonly ApiKeyPreset[] = [
  {
    name: 'Provisioning server',
    description: 'Turns orders into services, e.g. from Ansible.',
    permissions: ['provisioning', 'view_service', 'create_service', 'view_inventory', 'update_inventory'],
    lifetimeDays: 365,
    needsCustomers: false,
  },
  {
    name: 'Billing export',
    description: 'Reads what accounting needs.',
    permissions: ['view_customer', 'view_transaction', 'view_invoice'],
    lifetimeDays: 90,
    needsCustomers: false,
  },
  {
    name: 'Monitoring',
    description: 'Watches services and metrics, e.g. from Prometheus or Grafana.',
    permissions: ['view_service', 'view_provisioning', 'view_metrics'],
    lifetimeDays: null,
    needsCustomers: false,
  },
  {
    name: 'Customer portal',
    description: 'Shows customers what is theirs, and takes their payments.',
    permissions: ['view_own_customer', 'view_own_service', 'create_own_payment'],
    lifetimeDays: 180,
    needsCustomers: true,
  },
];
