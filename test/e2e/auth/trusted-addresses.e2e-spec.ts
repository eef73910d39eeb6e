import { ADMIN, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asApiKey } from '../../support/principals.js';

const LIMITS = 'rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }\n';
const CONFIG = `${LIMITS}
ip_whitelist:
  - 127.0.0.5
  - 127.0.1.0/29
  - { address: 127.0.1.3, roles: [view_service, Finance], description: Grafana }
  - { address: 127.0.2.0/24, permissions: [view_customer] }
  - { address: "::ffff:127.0.3.1", roles: [view_invoice] }
  - { address: 127.0.5.5, roles: [view_invoice], expires: 2030-03-01T12:30:00Z }
  - { address: 127.0.5.0/24, roles: [view_service] }
  - { address: 127.0.4.1, roles: [view_customer], expires: 2030-03-01T12:30:00Z }
ip_whitelist_default_roles: [view_product]
`;

describe('a request without a credential', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());

  const whoami = (from: string) => app.ask('GET', '/crm/auth/whoami', { from });

  it('200 from a bare address, with the default roles and the exact shape', async () => {
    const answer = await whoami('127.0.0.5');
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      kind: 'address',
      id: null,
      name: '127.0.0.5',
      roles: [],
      permissions: ['view_product'],
      customer_ids: [],
      expires_at: null,
      credential: 'address',
    });
  });

  it.each(['127.0.0.4', '127.0.0.6', '127.0.0.255', '127.0.0.1'])('401 from a neighbour of it: %s', async (from) => {
    const answer = await whoami(from);
    expectProblem(answer, 401, 'auth.missing_credential');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it.each(['127.0.1.0', '127.0.1.1', '127.0.1.7', '127.0.2.0', '127.0.2.255'])(
    '200 from the edges of a range: %s',
    async (from) => {
      expect((await whoami(from)).status).toBe(200);
    },
  );

  it.each(['127.0.0.255', '127.0.1.8', '127.0.1.255', '127.0.3.0'])(
    '401 from just outside of one: %s',
    async (from) => {
      expectProblem(await whoami(from), 401);
    },
  );

  it('200 with the rights of the narrowest entry alone', async () => {
    const { body } = await whoami('127.0.1.3');
    expect(body.roles).toEqual(['Finance']);
    expect(body.permissions).toEqual(expect.arrayContaining(['view_service', 'create_invoice']));
    expect(body.permissions).not.toContain('view_product');
    expect((await whoami('127.0.1.2')).body.permissions).toEqual(['view_product']);
    expect((await whoami('127.0.5.5')).body.permissions).toEqual(['view_invoice']);
  });

  it('200 for an entry that was written in its IPv4-mapped form', async () => {
    expect((await whoami('127.0.3.1')).body.permissions).toEqual(['view_invoice']);
  });

  it('200 for what it holds, 403 for what it does not', async () => {
    expect((await app.ask('GET', '/crm/customers', { from: '127.0.2.9' })).status).toBe(200);
    const answer = await app.ask('GET', '/crm/customers', { from: '127.0.0.5' });
    expect(expectProblem(answer, 403).missing_permissions).toEqual(['view_customer']);
  });

  it.each(['/crm/api-keys', '/crm/users', '/crm/roles', '/crm/audit-logs'])('403 on %s', async (path) => {
    expectProblem(await app.ask('GET', path, { from: '127.0.1.3' }), 403);
  });

  it.each<[string, Record<string, string>]>([
    ['a bad token', { authorization: 'Bearer nonsense' }],
    ['a bad key', { 'x-api-key': 'nonsense' }],
    ['an empty key', { 'x-api-key': '' }],
    ['an empty Authorization', { authorization: '' }],
    ['Basic', { authorization: 'Basic YTpi' }],
  ])('401 with %s: it never falls through', async (_what, headers) => {
    expectProblem(await app.ask('GET', '/crm/customers', { from: '127.0.2.9', headers }), 401);
  });

  it('403 with a good key that holds less than the address: the key alone is judged', async () => {
    const { headers } = await asApiKey(app, ['view_service']);
    expectProblem(await app.ask('GET', '/crm/customers', { from: '127.0.2.9', headers }), 403);
  });
});

describe('a trusted address in time', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());

  const whoami = (from: string) => app.ask('GET', '/crm/auth/whoami', { from });

  it('401 from the moment that its entry expires', async () => {
    expect((await whoami('127.0.4.1')).body.expires_at).toBe('2030-03-01T12:30:00.000Z');
    app.clock.advance(30 * 60_000 - 1);
    expect((await whoami('127.0.4.1')).status).toBe(200);
    app.clock.advance(1);
    expectProblem(await whoami('127.0.4.1'), 401, 'auth.missing_credential');
  });

  it('200 with the rights of the wider entry once the narrower one has expired', async () => {
    await app.reconfigure(CONFIG.replaceAll('12:30:00Z', '13:30:00Z'));
    expect((await whoami('127.0.5.5')).body.permissions).toEqual(['view_invoice']);
    app.clock.advance(60 * 60_000);
    expect((await whoami('127.0.5.5')).body.permissions).toEqual(['view_service']);
  });

  it('200 as before when the new configuration is wrong', async () => {
    await app.reconfigure(`${LIMITS}ip_whitelist: [127.0.0.5]`);
    for (const wrong of [
      'ip_whitelist: [127.0.0.6, 0.0.0.0/0]',
      'ip_whitelist: [{ address: 127.0.0.6, roles: [nobody] }]',
      '',
    ]) {
      await app.reconfigure(wrong);
      expect((await whoami('127.0.0.5')).status).toBe(200);
      expectProblem(await whoami('127.0.0.6'), 401);
    }
  });
});

describe('rights that no address may have', () => {
  const entry = (more: string) => `${LIMITS}ip_whitelist: [{ address: 127.0.0.5, ${more} }]`;

  it.each([
    'admin',
    'Admin',
    'manage_api_keys',
    'manage_scim',
    'view_user',
    'update_user',
    'assign_role',
    'view_role',
    'manage_own_users',
    'Customer Admin',
  ])('stop the start, unless the entry says allow_admin: %s', async (role) => {
    await expect(TestApp.start({ config: entry(`roles: ["${role}"]`) })).rejects.toThrow(/allow_admin: true/);
  });

  it('stop the start as default roles too', async () => {
    const config = `${LIMITS}ip_whitelist: [127.0.0.5]\nip_whitelist_default_roles: [view_user]`;
    await expect(TestApp.start({ config })).rejects.toThrow(/view_user/);
  });

  it('200 for an administrator by address where the entry says so', async () => {
    const app = await TestApp.start({ config: entry('roles: [admin], allow_admin: true') });
    expect((await app.ask('GET', '/crm/users', { from: '127.0.0.5' })).status).toBe(200);
    expectProblem(await app.ask('GET', '/crm/users', { from: '127.0.0.6' }), 401);
    await app.close();
  });
});

describe.each([
  ['::1', '::1', '["::1"]'],
  ['::', '::1', '["::1"]'],
  ['::', '127.0.0.1', '[127.0.0.1]'],
  ['::', '127.0.0.1', '["::ffff:127.0.0.1"]'],
  ['0.0.0.0', '127.0.0.1', '[127.0.0.0/8]'],
])('a server on %s asked from %s', (host, to, entries) => {
  it(`200 without a credential when ${entries} is trusted, 401 when not`, async () => {
    const config = `${LIMITS}ip_whitelist: ${entries}\nip_whitelist_default_roles: [view_customer]`;
    const app = await TestApp.start({ config, environment: { CRM_HOST: host } });
    const answer = await app.ask('GET', '/crm/auth/whoami', { to });
    expect(answer.status).toBe(200);
    expect(answer.body.name).toBe(to);
    const { body } = await app.ask('POST', '/crm/auth/login', { to, body: ADMIN });
    expect(body.token).toBeDefined();
    await app.reconfigure(LIMITS);
    expectProblem(await app.ask('GET', '/crm/auth/whoami', { to }), 401, 'auth.missing_credential');
    await app.close();
  });
});
