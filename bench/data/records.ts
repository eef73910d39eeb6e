import { Random } from './random.ts';
import type { Row, Store } from './store.ts';

/** Ids far above those that the product hands out itself. */
const FIRST = 1_001;
const FIRST_ACCESS = 10_000_001;
const SEED = 20_261_122;
const START = Date.UTC(2026, 0, 1);
const BATCH = 2_000;

const EVENTS: [string, ...string[]] = [
  'customer.updated',
  'customer.created',
  'authn_login_success',
  'api_key.created',
];
const KINDS: [string, ...string[]] = ['user', 'api_key', 'address'];
const ROUTES: [string, ...string[]] = ['/crm/customers', '/crm/customers/:customer_id', '/crm/auth/whoami'];
const STATUSES: [number, ...number[]] = [200, 200, 200, 200, 200, 200, 200, 401, 403, 404];

interface Table {
  readonly name: string;
  readonly count: number;
  readonly columns: readonly string[];
  readonly row: (index: number, random: Random) => Row;
}

/** What stands beside the customers in an installation of some years: people, keys, roles and both logs. */
const TABLES: readonly Table[] = [
  {
    name: 'roles',
    count: 200,
    columns: words('role_id name name_key description permissions search_text is_built_in version created updated'),
    row: (index) => {
      const name = `Role ${index}`;
      const fixed = [null, '["view_customer"]', ` role ${index}`, 0, 1, moment(index, 3_600), moment(index, 3_600)];
      return [FIRST + index, name, name.toLowerCase(), ...fixed];
    },
  },
  {
    name: 'users',
    count: 20_000,
    columns: words('user_id email email_key name status search_text last_login_at version created updated'),
    row: (index, random) => {
      const email = `bernd.${index}@mail.example`;
      const status = random.fraction() < 0.9 ? 'active' : 'deactivated';
      const seen = random.fraction() < 0.8 ? moment(random.below(20_000), 600) : null;
      const fixed = [seen, 1, moment(index, 600), moment(index, 600)];
      return [FIRST + index, email, email, `Bernd ${index}`, status, ` ${email} ${index}@mail.example`, ...fixed];
    },
  },
  {
    name: 'api_keys',
    count: 20_000,
    columns: words(
      'api_key_id kind source name name_key mask search_text digest pepper_version permissions flagged_status expiry_date revoked_at created_by is_protected is_bound_to_creator last_used_at version created updated',
    ),
    row: (index, random) => {
      const name = `Bernd's key ${index}`;
      const expiry = random.fraction() < 0.5 ? moment(random.below(20_000), 3_600) : null;
      const revoked = random.fraction() < 0.1 ? moment(index, 600) : null;
      const used = random.fraction() < 0.8 ? moment(random.below(20_000), 600) : null;
      return [
        ...[
          FIRST + index,
          'organization',
          'database',
          name,
          name.toLowerCase(),
          'sk_live_...0000',
          ` ${name.toLowerCase()}`,
        ],
        ...[String(index).padStart(64, '0'), 1, '["view_customer"]', 'active', expiry, revoked],
        ...[`bernd.${random.below(500)}@mail.example`, 0, 0, used, 1, moment(index, 600), moment(index, 600)],
      ];
    },
  },
  {
    name: 'audit_logs',
    count: 300_000,
    columns: words(
      'audit_id at event actor_kind actor_id actor_name address request_id subject_type subject_id before after',
    ),
    row: (index, random) => {
      const who = [random.of(KINDS), FIRST + random.below(20_000), 'somebody', `10.0.0.${random.below(250)}`];
      const what = [`request-${index}`, 'customer', random.below(100_000), null, '{"status":"active"}'];
      return [FIRST + index, moment(index, 50), random.of(EVENTS), ...who, ...what];
    },
  },
  {
    name: 'access_logs',
    count: 1_000_000,
    columns: words(
      'access_id at actor_kind actor_id actor_name method path route status address user_agent duration_ms is_outdated request_id',
    ),
    row: (index, random) => {
      const who = [random.of(KINDS), FIRST + random.below(20_000), 'somebody', 'GET', '/crm/customers'];
      const what = [
        random.of(ROUTES),
        random.of(STATUSES),
        `10.0.0.${random.below(250)}`,
        'curl/8',
        3,
        0,
        `request-${index}`,
      ];
      return [FIRST_ACCESS + index, moment(index, 15), ...who, ...what];
    },
  },
];

export async function seedRecords(store: Store): Promise<void> {
  const names = TABLES.map((table) => table.name);
  await store.withoutIndexes(names, async () => {
    for (const table of TABLES) await fill(store, table);
  });
  await store.analyse(names);
}

async function fill(store: Store, { name, count, columns, row }: Table): Promise<void> {
  const random = new Random(SEED);
  for (let first = 0; first < count; first += BATCH) {
    const length = Math.min(BATCH, count - first);
    await store.insert(
      name,
      columns,
      Array.from({ length }, (_, index) => row(first + index, random)),
    );
  }
}

function moment(index: number, stepSeconds: number): string {
  return new Date(START + index * stepSeconds * 1_000).toISOString();
}

function words(text: string): string[] {
  return text.split(' ');
}
