import fc from 'fast-check';
import { TestApp } from '../../support/app.js';
import { customers } from '../../support/factories/customers.js';
import { aRole, regrant } from '../../support/factories/roles.js';
import { asAdmin, asUser, type Credentials } from '../../support/principals.js';

/** A thousand draws on each of the two databases. */
const WORLDS = 20;
const DRAWS = 50;
const ROWS = 6;
const PEOPLE = 4;
/** What the routes below demand, in every form, and something that opens none of them. */
const PERMISSIONS = [
  ...['view_customer', 'create_customer', 'update_customer', 'delete_customer'],
  ...['view_own_customer', 'update_own_customer', 'view_own_customer', 'update_own_customer'],
  ...['view_user', 'view_role', 'manage_api_keys', 'view_audit_log', 'view_ip_whitelist', 'explain_permission'],
  ...['view_own_invoice', 'run_job', 'manage_own_users', 'manage_own_users'],
  ...['view_basic_customer', 'update_basic_customer', 'view_basic_user', 'update_basic_user'],
];

interface Target {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** The field that is asked about: written by the body, or shown by the answer. */
  readonly field?: string;
}

interface Drawn {
  readonly customer: number;
  readonly person: number;
}

const on =
  (method: string, body?: unknown, field?: string) =>
  ({ customer: id }: Drawn): Target => ({ method, path: `/crm/customers/${id}`, body, ...(field ? { field } : {}) });
const onUser =
  (method: string, body?: unknown, field?: string) =>
  ({ person: id }: Drawn): Target => ({ method, path: `/crm/users/${id}`, body, ...(field ? { field } : {}) });
const fixed = (method: string, path: string, body?: unknown) => (): Target => ({ method, path, body });
const ROUTES: ((drawn: Drawn) => Target)[] = [
  ...[on('GET'), on('GET'), on('GET'), on('PATCH', { phone: '3' }), on('PATCH', { language: 'de' })],
  ...[on('GET'), on('GET'), on('HEAD'), on('PATCH', { phone: '1' }), on('PATCH', { phone: '2' }), on('DELETE')],
  ...[on('GET', undefined, 'tax_id'), on('PATCH', { tax_id: '1' }, 'tax_id'), on('PATCH', { phone: '4' }, 'phone')],
  ...[onUser('GET'), onUser('GET'), onUser('HEAD'), onUser('GET', undefined, 'email'), onUser('PATCH', { name: 'n' })],
  ...[onUser('PATCH', { email: 'new@example.com' }, 'email'), onUser('GET', undefined, 'email'), onUser('DELETE')],
  ({ person }) => ({ method: 'POST', path: `/crm/users/${person}/reset-password` }),
  ({ customer: id }) => ({ method: 'GET', path: `/crm/custom%65rs/${id}?` }),
  ...[fixed('GET', '/crm/customers?limit=1'), fixed('POST', '/crm/customers', { customer_name: 'x' })],
  ...[
    fixed('GET', '/crm/users'),
    fixed('GET', '/crm/users/1'),
    fixed('GET', '/crm/roles'),
    fixed('GET', '/crm/roles/2'),
  ],
  ...[fixed('GET', '/crm/permissions'), fixed('GET', '/crm/api-keys'), fixed('GET', '/crm/api-keys/stats')],
  ...[fixed('GET', '/crm/audit-logs?limit=1'), fixed('GET', '/crm/ip-whitelist'), fixed('GET', '/crm/auth/whoami')],
  fixed('POST', '/crm/authz/explain', { principal: { kind: 'user', id: 1 }, permission: 'admin' }),
  ...[fixed('GET', '/crm/authz/who-can?permission=admin&limit=1'), fixed('GET', '/crm/api-keys/self')],
  fixed('GET', '/health/live'),
];

/** Refusals for what the other one holds. */
const ABOVE = ['users.target_above_you', 'users.foreign_customers'];

const some = <T>(values: T[], max: number) => fc.subarray([...new Set(values)], { maxLength: max });
const indexes = (count: number, max: number) => some([...Array(count).keys()], max);
const principal = fc.record({
  roles: indexes(3, 2),
  // The first two are whose people are drawn below: now and then somebody looks after them.
  customers: fc.oneof(indexes(ROWS, 3), fc.constant<number[]>([0, 1])),
  direct: some(PERMISSIONS, 3),
  isBound: fc.boolean(),
  fate: fc.constantFrom('well', 'well', 'well', 'well', 'ended'),
});
const world = fc.record({
  // The first is over own rows alone: conditions decide where nothing wider is held.
  roles: fc.tuple(
    some(['view_own_customer', 'update_own_customer', 'view_own_invoice'], 3).map((own) => [
      'manage_own_users',
      ...own,
    ]),
    some(PERMISSIONS, 4),
    fc.oneof({ weight: 3, arbitrary: some(PERMISSIONS, 4) }, { weight: 1, arbitrary: fc.constant(['admin']) }),
  ),
  users: fc.tuple(principal, principal),
  people: fc.array(
    fc.record({
      isCustomer: fc.nat({ max: 3 }).map(Boolean),
      others: indexes(3, 1),
      customers: fc.constantFrom<number[]>([0], [1], [0, 1], [1, 2], []),
    }),
    {
      minLength: PEOPLE,
      maxLength: PEOPLE,
    },
  ),
  keys: fc.tuple(principal, principal, principal),
  draws: fc.array(
    fc.record({
      who: fc.nat({ max: 4 }),
      route: fc.constantFrom(...ROUTES),
      row: fc.nat({ max: ROWS }),
      person: fc.nat({ max: PEOPLE }),
    }),
    { minLength: DRAWS, maxLength: DRAWS },
  ),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

interface Somebody {
  readonly kind: string;
  readonly id: number;
  readonly headers: Credentials;
}

/** Must hold: what explain says is what the route does, whoever asks for whatever. */
describe('explain and reality', () => {
  let app: TestApp;
  let admin: Credentials;
  let roles: string[];
  let users: { userId: number; email: string; password: string }[];
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    roles = [await aRole(app, ['admin']), await aRole(app, ['admin']), await aRole(app, ['admin'])];
    // What an act on a customer's user needs besides: little enough to be held now and then.
    await regrant(app, 'Customer', ['view_own_customer']);
    users = [await asUser(app, []), await asUser(app, [])];
  });
  afterAll(() => app.close());

  const change = async (method: string, path: string, body?: unknown, headers = admin) => {
    const answer = await app.ask(method, path, { headers, body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };

  /** The same two users, with other roles, customers and fortunes each time; keys are made anew. */
  const build = async ({
    roles: grants,
    ...drawn
  }: World): Promise<{ rows: number[]; people: number[]; everybody: Somebody[] }> => {
    for (const [index, name] of roles.entries()) await regrant(app, name, grants[index] ?? []);
    const made = await customers(
      app,
      Array.from({ length: ROWS }, () => ({})),
    );
    const rows = made.map(({ customer_id }) => customer_id);
    const idsOf = (chosen: number[]) => chosen.map((index) => rows[index] ?? 0);
    const namesOf = (chosen: number[]) => chosen.map((index) => roles[index]);
    const everybody: Somebody[] = [];
    for (const [index, { roles: has, customers: tied, fate }] of drawn.users.entries()) {
      const { userId, email, password } = users[index] ?? { userId: 0, email: '', password: '' };
      const path = `/crm/users/${userId}`;
      await change('PATCH', path, { status: 'active', customer_ids: idsOf(tied) });
      await change('PUT', `${path}/roles`, { roles: namesOf(has) });
      app.clock.advance(1_000);
      const login = await change('POST', '/crm/auth/login', { email, password }, {});
      if (fate === 'ended') await change('PATCH', path, { status: 'deactivated' });
      everybody.push({ kind: 'user', id: userId, headers: { authorization: `Bearer ${login.token}` } });
    }
    for (const { roles: has, customers: tied, direct, isBound, fate } of drawn.keys) {
      const permissions = direct.length + has.length > 0 ? direct : ['view_role'];
      const bound = isBound ? { bound_to_creator: true } : {};
      const body = { name: 'drawn', permissions, roles: namesOf(has), customer_ids: idsOf(tied), ...bound };
      const { api_key_id: id, api_key: key } = await change('POST', '/crm/api-keys', body);
      if (fate === 'ended') await change('DELETE', `/crm/api-keys/${id}`);
      everybody.push({ kind: 'api_key', id: id as number, headers: { 'x-api-key': key as string } });
    }
    const people: number[] = [];
    for (const { isCustomer, others, customers: tied } of drawn.people) {
      const has = isCustomer ? ['Customer'] : namesOf(others);
      const body = {
        email: `drawn${(counter += 1)}@example.com`,
        name: 'drawn',
        roles: has,
        customer_ids: idsOf(tied),
      };
      people.push((await change('POST', '/crm/users', body)).user_id as number);
    }
    return { rows, people, everybody };
  };

  it(`agree in ${WORLDS * DRAWS} draws of principals, roles, routes and rows`, async () => {
    const seen = { yes: 0, no: 0, absent: 0, outside: 0, above: 0, fields: 0, people: 0 };
    const absent = 2_000_000_000;
    await fc.assert(
      fc.asyncProperty(world, async (drawn) => {
        admin = await asAdmin(app);
        const { rows, people, everybody } = await build(drawn);
        for (const { who, route, row, person } of drawn.draws) {
          const target = route({ customer: rows[row] ?? absent, person: people[person] ?? absent });
          const asker = everybody[who] ?? { kind: '', id: 0, headers: {} };
          const { method, path, body, field } = target;
          const question = { principal: { kind: asker.kind, id: asker.id }, method, path, ...(field ? { field } : {}) };
          const said = await app.ask('POST', '/crm/authz/explain', { headers: admin, body: question });
          const answer = await app.ask(method, path, { headers: asker.headers, body });
          const { status } = answer;
          const shown = `${method} ${path} as ${JSON.stringify(question.principal)}: ${status}, but ${said.text}`;
          if (said.status === 404) {
            // The row is gone, or never was: then nobody may find it.
            seen.absent += 1;
            expect([shown, [401, 403, 404].includes(status)]).toEqual([shown, true]);
            continue;
          }
          expect([shown, said.status]).toEqual([shown, 200]);
          const { allowed, because } = said.body;
          seen[allowed ? 'yes' : 'no'] += 1;
          if (!allowed && because.length > 0) seen.outside += 1;
          if (path.startsWith('/crm/users/'))
            seen.people += allowed && because.some((it: any) => it.permission === 'manage_own_users') ? 1 : 0;
          if (ABOVE.includes(answer.body?.code as string)) {
            // What an act needs besides, for the rights that the other one has, is not what was asked.
            seen.above += 1;
            expect([shown, allowed || field !== undefined]).toEqual([shown, true]);
            continue;
          }
          const isDone = [200, 201, 204].includes(status);
          const isShown = field === undefined || method !== 'GET' || !isDone || field in answer.body;
          if (field !== undefined && isDone) seen.fields += 1;
          expect([shown, isDone && isShown]).toEqual([shown, allowed]);
          if (!isDone) expect([shown, [401, 403, 404].includes(status)]).toEqual([shown, true]);
        }
      }),
      // Unbiased: small samples would mostly be of nobody with nothing.
      { numRuns: WORLDS, endOnFailure: true, unbiased: true },
    );
    // A test in which nobody may do anything, or everybody all things, would agree as well.
    expect(seen.yes + seen.no + seen.absent).toBe(WORLDS * DRAWS);
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan((WORLDS * DRAWS) / 10);
    expect(seen.outside).toBeGreaterThan(3);
    expect(Math.min(seen.people, seen.fields)).toBeGreaterThan(3);
  }, 300_000);
});
