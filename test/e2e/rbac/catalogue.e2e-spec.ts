import { fold } from '../../../src/common/text.js';
import { PermissionCatalogue } from '../../../src/rbac/permission-catalogue.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itPaginates } from '../../support/contracts/pages.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { testDatabase } from '../../support/database.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aRole, regrant } from '../../support/factories/roles.js';
import { asAdmin, type Credentials } from '../../support/principals.js';

const five = (noun: string) => [
  `view_${noun}`,
  `create_${noun}`,
  `update_${noun}`,
  `delete_${noun}`,
  `view_own_${noun}`,
];

/** The specification's table, line by line, and the rights that leave fields out. */
const PERMISSIONS = [
  'admin',
  ...five('customer'),
  'update_own_customer',
  ...five('contact'),
  ...five('site'),
  ...['view_product', 'create_product', 'update_product', 'delete_product'],
  ...five('service'),
  ...five('inventory'),
  ...['provisioning', 'view_provisioning'],
  ...five('transaction'),
  ...five('invoice'),
  ...['view_payment', 'create_payment', 'refund_payment', 'view_own_payment', 'create_own_payment'],
  ...['view_payment_method', 'create_payment_method', 'delete_payment_method', 'view_own_payment_method'],
  ...['view_activity_log', 'create_activity_log', 'view_own_activity_log'],
  ...['manage_api_keys', 'introspect_token'],
  ...['create_personal_token', 'manage_personal_tokens'],
  ...['manage_own_users', 'view_user', 'create_user', 'update_user', 'delete_user'],
  ...['reset_user_password', 'reset_user_2fa', 'end_user_session'],
  ...['view_role', 'create_role', 'update_role', 'delete_role', 'assign_role', 'explain_permission'],
  'view_ip_whitelist',
  ...['view_audit_log', 'export_audit_log', 'verify_audit_log'],
  ...['view_webhook', 'manage_webhooks'],
  ...['view_setting', 'update_setting'],
  'manage_scim',
  ...['view_job', 'run_job'],
  'view_metrics',
  ...['view_basic_customer', 'update_basic_customer', 'view_basic_user', 'update_basic_user'],
];

/** What leaves fields out, and which. */
const LEFT_OUT: Record<string, string> = {
  view_basic_customer: 'tax_id',
  update_basic_customer: 'tax_id',
  view_basic_user: 'email',
  update_basic_user: 'email',
};

const OWN = [
  'customer',
  'contact',
  'site',
  'service',
  'inventory',
  'transaction',
  'invoice',
  'payment',
  'payment_method',
];

const ROLES: Record<string, string[]> = {
  Admin: ['admin'],
  Support: [
    ...['customer', 'contact', 'site', 'service'].flatMap((noun) => [
      `view_${noun}`,
      `create_${noun}`,
      `update_${noun}`,
    ]),
    ...['view_product', 'view_inventory', 'view_provisioning', 'view_transaction', 'view_invoice', 'view_activity_log'],
    'provisioning',
  ],
  Finance: [
    ...['view_customer', 'view_service'],
    ...['transaction', 'invoice'].flatMap((noun) => five(noun).filter((name) => !name.includes('_own_'))),
    ...['view_payment', 'create_payment', 'refund_payment'],
    ...['view_payment_method', 'create_payment_method', 'delete_payment_method'],
  ],
  'Customer Admin': [
    ...[...OWN, 'activity_log'].map((noun) => `view_own_${noun}`),
    ...['update_own_customer', 'create_own_payment', 'manage_own_users'],
  ],
  Customer: [
    ...['customer', 'service', 'invoice', 'transaction', 'payment_method'].map((noun) => `view_own_${noun}`),
    'create_own_payment',
  ],
};

describe('roles and permissions', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    for (const name of ['zebra', 'Älteste', 'alpha beta', 'x_1', '100%']) await aRole(app, ['view_customer'], name);
  });
  afterAll(() => app.close());

  const get = (path: string, headers = admin) => app.ask('GET', path, { headers });

  const roles = { method: 'GET', path: '/crm/roles' };
  const role = { method: 'GET', path: '/crm/roles/1' };
  const permissions = { method: 'GET', path: '/crm/permissions' };
  itNeedsAuthentication(() => app, [roles, role, permissions]);
  itNeedsPermission(() => app, 'view_role', [roles, role, permissions]);
  itPaginates(() => app, {
    path: '/crm/roles',
    id: 'role_id',
    as: () => admin,
    sorts: { role_id: (row) => row.role_id as number, name: (row) => fold(row.name as string) },
    defaultSort: 'role_id',
  });

  it('200 with the permissions of the specification, each once, in order, and no other', async () => {
    const { data, page } = (await get('/crm/permissions')).body;
    const names = data.map((row: any) => row.permission as string) as string[];
    expect(names).toEqual(PERMISSIONS.toSorted());
    expect(page).toEqual({ limit: names.length, next_cursor: null });
    for (const row of data) {
      expect(row.description).toMatch(/^[A-Z].*\.$/);
      expect(row.own).toBe(row.permission.includes('_own_'));
      const left = LEFT_OUT[row.permission as string];
      if (row.permission !== 'update_own_customer') expect(row.fields === null).toBe(left === undefined);
      if (left !== undefined) expect(row.fields).not.toContain(left);
    }
    expect(data.find((row: any) => row.permission === 'update_own_customer').fields).toEqual([
      ...['email', 'phone', 'address', 'language'],
    ]);
  });

  it('opens several routes by one permission alone', () => {
    const several = app
      .get(PermissionCatalogue)
      .list()
      .filter(({ also }) => also !== undefined);
    expect(several.map(({ identifier, also }) => [identifier, also])).toEqual([
      ['manage_own_users', ['view', 'create', 'update', 'delete', 'reset_password']],
    ]);
  });

  it('200 with the built-in roles of the specification', async () => {
    const { data } = (await get('/crm/roles?limit=5')).body;
    const granted = Object.fromEntries(data.map((row: any) => [row.name, row.permissions.toSorted()]));
    expect(granted).toEqual(
      Object.fromEntries(Object.entries(ROLES).map(([name, identifiers]) => [name, identifiers.toSorted()])),
    );
    expect(data.every((row: any) => row.built_in === true)).toBe(true);
  });

  it('200 for a single role, with its version', async () => {
    const answer = await get('/crm/roles/1');
    expect(answer.body).toEqual((await get('/crm/roles?limit=1')).body.data[0]);
    expect(answer.headers.etag).toBe('"1"');
  });

  it.each([
    ['zeb', ['zebra']],
    ['BETA', ['alpha beta']],
    ['äl', ['Älteste']],
    ['x_', ['x_1']],
    ['100%', ['100%']],
    ['%', []],
    ['_', []],
    ['customer admin', ['Customer Admin']],
  ])('200 finding by the beginnings of words: %s', async (text, expected) => {
    const { data } = (await get(`/crm/roles?search=${encodeURIComponent(text)}`)).body;
    expect(data.map((row: any) => row.name as string)).toEqual(expected);
  });

  it('400 for what is no id or no parameter, 404 for an absent role', async () => {
    for (const id of ['0', '01', 'abc', '9007199254740993', '%00']) {
      expect(pointers(await get(`/crm/roles/${id}`))).toEqual(['/role_id']);
    }
    expect(pointers(await get('/crm/permissions?limit=5&cursor=x'))).toEqual(['/limit', '/cursor']);
    expectProblem(await get('/crm/roles/999999'), 404, 'rbac.role_not_found');
  });
});

describe('built-in roles at the next start', () => {
  it('stay as an administrator edited them, none twice, and nothing is recorded', async () => {
    const database = await testDatabase();
    const states: unknown[] = [];
    for (const isFirst of [true, false]) {
      const app = await TestApp.start({ database });
      if (isFirst) await regrant(app, 'Support', ['view_customer']);
      const headers = await asAdmin(app);
      const roles = await app.ask('GET', '/crm/roles?limit=100', { headers });
      const records = await app.ask('GET', '/crm/audit-logs?event=role.created&limit=100&count=true', { headers });
      states.push([roles.body.data, records.body.page.total]);
      expect(roles.body.data[1]).toMatchObject({ name: 'Support', permissions: ['view_customer'] });
      await app.close();
    }
    await database.drop();
    expect(states[1]).toEqual(states[0]);
  });
});
