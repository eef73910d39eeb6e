import { NO_LIMITS, TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

const ADDRESSES = `
ip_whitelist:
  - { address: 10.0.0.0/24, roles: [view_customer], description: "Rack" }
  - { address: 10.0.0.7, roles: [view_service] }
  - { address: 10.0.1.7, roles: [view_customer], expires: 2030-02-01 }
`;

describe('explain', () => {
  let app: TestApp;
  let admin: Credentials;
  let own: number;
  let foreign: number;

  beforeAll(async () => {
    app = await TestApp.start({ config: `${NO_LIMITS}${ADDRESSES}` });
    admin = await asAdmin(app);
    own = (await aCustomer(app)).customer_id;
    foreign = (await aCustomer(app)).customer_id;
  });
  afterAll(() => app.close());

  const ask = (body: object, headers: Credentials = admin) => app.ask('POST', '/crm/authz/explain', { headers, body });
  const explained = async (kind: string, id: number | string, question: object) => {
    const answer = await ask({ principal: { kind, id }, ...question });
    expect([answer.status, answer.text]).toEqual([200, answer.text]);
    const { principal, ...verdict } = answer.body;
    expect(principal).toMatchObject({ kind, id });
    return verdict;
  };

  const route = {
    method: 'POST',
    path: '/crm/authz/explain',
    body: { principal: { kind: 'user', id: 1 }, permission: 'view_role' },
  };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'explain_permission', [route]);

  it('200 naming each role and direct grant that allows it, and nothing else', async () => {
    const one = await aRole(app, ['view_customer', 'view_service']);
    const two = await aRole(app, ['view_customer', 'view_own_customer']);
    const key = await asApiKey(app, ['view_customer', 'view_site'], { roles: [one, two] });
    const ground = { permission: 'view_customer', condition: null };
    expect(await explained('api_key', key.apiKeyId, { permission: 'VIEW_customer', subject_id: own })).toEqual({
      allowed: true,
      because: [
        { role: null, assignment: 'direct', ...ground },
        { role: one, assignment: 'role', ...ground },
        { role: two, assignment: 'role', ...ground },
      ],
      missing: [],
      smallest_grant: null,
      reason: null,
    });
  });

  it('200 naming the condition that decided, and its customers', async () => {
    const role = await aRole(app, ['view_own_customer', 'update_own_customer']);
    const { userId } = await asUser(app, [role], [own]);
    const condition = { customer_ids: [own], fields: null };
    const seen = await explained('user', userId, { method: 'GET', path: `/crm/customers/${own}` });
    expect(seen).toMatchObject({ allowed: true, because: [{ role, permission: 'view_own_customer', condition }] });
    const edited = await explained('user', userId, { permission: 'update_customer', subject_id: own });
    const fields = ['email', 'phone', 'address', 'language'];
    expect(edited.because).toEqual([
      { role, assignment: 'role', permission: 'update_own_customer', condition: { customer_ids: [own], fields } },
    ]);
  });

  it('200 for a row outside: what it is not, why, the wider permission, and the customer that would do', async () => {
    const role = await aRole(app, ['view_own_customer']);
    const { userId } = await asUser(app, [role], [own]);
    expect(await explained('user', userId, { permission: 'view_customer', subject_id: foreign })).toEqual({
      allowed: false,
      because: [
        {
          role,
          assignment: 'role',
          permission: 'view_own_customer',
          condition: { customer_ids: [own], fields: null },
        },
      ],
      missing: ['view_customer'],
      smallest_grant: { permission: null, customer_id: foreign },
      reason: 'What it holds reaches only rows of its own customers, and this is none.',
    });
  });

  const all = (permission: string) => ({ permission, customer_id: null });
  it.each([
    { name: 'the permission itself', has: [], permission: 'delete_customer', grant: all('delete_customer') },
    {
      name: 'all rows, for who has none',
      has: [],
      permission: 'view_customer',
      to: 'own',
      grant: all('view_customer'),
    },
    {
      name: 'own rows, for who has this one',
      ...{ has: ['own'], permission: 'view_customer', to: 'own', grant: all('view_own_customer') },
    },
    { name: 'own rows, for who has some', has: ['own'], permission: 'view_customer', grant: all('view_own_customer') },
    {
      name: 'all rows, for who has another',
      ...{ has: ['own'], permission: 'view_customer', to: 'foreign', grant: all('view_customer') },
    },
    { name: 'admin and nothing less', has: [], permission: 'admin', grant: all('admin') },
  ] as { name: string; has: string[]; permission: string; to?: string; grant: ReturnType<typeof all> }[])(
    '200 with the least that would change it: $name',
    async ({ has, permission, to, grant }) => {
      const rows: Record<string, number> = { own, foreign };
      const key = await asApiKey(app, ['view_role'], { customer_ids: has.map((name) => rows[name]) });
      const question = { permission, ...(to ? { subject_id: rows[to] } : {}) };
      const verdict = await explained('api_key', key.apiKeyId, question);
      expect(verdict).toEqual({
        allowed: false,
        because: [],
        missing: [permission],
        smallest_grant: grant,
        reason: `It does not hold ${permission}.`,
      });
      const permissions = ['view_role', grant.permission];
      await app.ask('PATCH', `/crm/api-keys/${key.apiKeyId}`, { headers: admin, body: { permissions } });
      expect(await explained('api_key', key.apiKeyId, question)).toMatchObject({ allowed: true });
    },
  );

  it.each([
    ['GET', '/crm/customers?limit=5', 'view_customer'],
    ['HEAD', '/crm/customers', 'view_customer'],
    ['get', '/crm/custom%65rs', 'view_customer'],
    ['POST', '/crm/customers', 'create_customer'],
    ['GET', '/crm/api-keys/stats', 'manage_api_keys'],
    ['GET', '/crm/api-keys/12', 'manage_api_keys'],
    ['PUT', '/crm/users/7/roles', 'assign_role'],
    ['POST', '/crm/roles/2/preview', 'explain_permission'],
  ])('200 taking %s %s for what its route demands', async (method, path, permission) => {
    const { userId } = await asUser(app, ['Customer']);
    const verdict = await explained('user', 1, { method, path });
    expect(verdict).toMatchObject({
      allowed: true,
      because: [{ role: 'Admin', permission: 'admin', condition: null }],
    });
    const denied = await explained('user', userId, { method, path });
    if (permission === 'view_customer') expect(denied.because[0].permission).toBe('view_own_customer');
    else expect(denied.missing).toEqual([permission]);
  });

  it('200 for routes that demand no permission: for everybody, for all who are known, for one kind', async () => {
    const { userId } = await asUser(app, []);
    expect(await explained('user', userId, { method: 'GET', path: '/health/live' })).toMatchObject({ allowed: true });
    expect(await explained('user', userId, { method: 'GET', path: '/crm/auth/whoami' })).toMatchObject({
      allowed: true,
    });
    const verdict = await explained('user', userId, { method: 'GET', path: '/crm/api-keys/self' });
    expect(verdict).toMatchObject({ allowed: false, missing: [], smallest_grant: null });
    expect(verdict.reason).toContain('api_key');
  });

  it('200 and not allowed, with the reason: deactivated, expired, revoked, creator gone; not even as admin', async () => {
    const question = { permission: 'view_customer' };
    const role = await aRole(app, ['manage_api_keys', 'view_customer']);
    const user = await asUser(app, [role, 'Admin']);
    const body = { name: 'bound', permissions: ['admin'], bound_to_creator: true };
    const bound = (await app.ask('POST', '/crm/api-keys', { headers: user.headers, body })).body.api_key_id as number;
    const revoked = await asApiKey(app, ['admin']);
    const expired = await asApiKey(app, ['admin'], { expiry_date: app.clock.instant(1_000) });
    await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body: { status: 'deactivated' } });
    await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: admin });
    app.clock.advance(2_000);
    for (const [kind, id, reason] of [
      ['user', user.userId, /deactivated/],
      ['api_key', bound, /bound to its creator/],
      ['api_key', revoked.apiKeyId, /revoked at 2030/],
      ['api_key', expired.apiKeyId, /expired at 2030/],
      ['address', '10.0.1.7', /expired at 2030/],
    ] as const) {
      const verdict = await explained(kind, id, question);
      expect(verdict).toMatchObject({ allowed: false, because: [], missing: [], smallest_grant: null });
      expect(verdict.reason).toMatch(reason);
      expect(await explained(kind, id, { method: 'GET', path: '/health/live' })).toMatchObject({ allowed: true });
    }
  });

  it('200 for a bound key: what its creator lacks counts as little as what it was never given, and cannot be given', async () => {
    const role = await aRole(app, ['manage_api_keys', 'view_customer']);
    const maker = await asUser(app, [role]);
    const body = { name: 'bound', permissions: ['view_customer'], bound_to_creator: true };
    const id = (await app.ask('POST', '/crm/api-keys', { headers: maker.headers, body })).body.api_key_id as number;
    expect(await explained('api_key', id, { permission: 'view_customer' })).toMatchObject({ allowed: true });
    const roles = { roles: [await aRole(app, ['manage_api_keys'])] };
    await app.ask('PUT', `/crm/users/${maker.userId}/roles`, { headers: admin, body: roles });
    const verdict = await explained('api_key', id, { permission: 'view_customer' });
    expect(verdict).toMatchObject({ allowed: false, because: [], smallest_grant: null });
    expect(verdict.reason).toContain('bound to its creator');
  });

  it('200 for a trusted address, by its network or as one address of it; the narrowest entry decides', async () => {
    const question = { permission: 'view_customer' };
    for (const id of ['10.0.0.0/24', '10.0.0.9']) {
      expect(await explained('address', id, question)).toMatchObject({ allowed: true });
    }
    expect(await explained('address', '10.0.0.7', question)).toMatchObject({ allowed: false });
    const verdict = await explained('address', '10.0.0.9', { permission: 'create_user' });
    expect(verdict).toMatchObject({ allowed: false, smallest_grant: null });
    expect(verdict.reason).toContain('allow_admin');
  });

  it('404 for a principal that is not there, of whatever kind', async () => {
    const key = await asApiKey(app, ['view_role']);
    for (const [kind, id] of [
      ['user', 999_999],
      ['user', '1'],
      ['personal_token', key.apiKeyId],
      ['api_key', 999_999],
      ['address', '192.0.2.1'],
      ['address', 'nowhere'],
      ['address', 7],
      ['system', 1],
      ['__proto__', 1],
    ] as const) {
      const answer = await ask({ principal: { kind, id }, permission: 'view_role' });
      expectProblem(answer, 404, 'authz.principal_not_found');
    }
  });

  it('404 for a row that the asker may not see, as for one that never was; a route that nobody has', async () => {
    const rights = ['explain_permission', 'view_own_customer'];
    const asker = await asApiKey(app, rights, { customer_ids: [own] });
    const blind = await asApiKey(app, ['explain_permission']);
    const principal = { kind: 'user', id: 1 };
    const about = (id: number) => ({ principal, permission: 'view_customer', subject_id: id });
    expect((await ask(about(own), asker.headers)).status).toBe(200);
    for (const id of [foreign, 999_999]) {
      expectProblem(await ask(about(id), asker.headers), 404, 'authz.subject_not_found');
      const path = `/crm/customers/${id}`;
      const routed = { principal, method: 'DELETE', path };
      expectProblem(await ask(routed, asker.headers), 404, 'authz.subject_not_found');
    }
    expectProblem(await ask(about(own), blind.headers), 404, 'authz.subject_not_found');
    for (const [method, path] of [
      ['GET', '/crm/nothing'],
      ['GET', '/crm/customers/7/'],
      ['GET', '/CRM/customers'],
      ['PUT', '/crm/customers'],
      ['FLY', '/crm/customers'],
      ['GET', 'crm/customers'],
      ['GET', '/crm/customers/%zz'],
      ['GET', '/crm/docs/'],
    ]) {
      expectProblem(await ask({ principal, method, path }), 404, 'authz.route_not_found');
    }
  });

  it('422 for a row of what has no rows to tell apart', async () => {
    const principal = { kind: 'user', id: 1 };
    for (const question of [{ permission: 'view_role' }, { method: 'GET', path: '/crm/auth/whoami' }]) {
      expectProblem(await ask({ principal, ...question, subject_id: 1 }), 422, 'authz.no_rows');
    }
  });

  it.each([
    ['nothing to do', {}, ['']],
    ['both ways to say it', { permission: 'view_role', method: 'GET', path: '/crm/roles' }, ['']],
    ['half a request', { method: 'GET' }, ['']],
    ['an unknown permission', { permission: 'fly' }, ['/permission']],
    ['an id that is none', { permission: 'view_customer', subject_id: 0 }, ['/subject_id']],
    ['another id than the path’s', { method: 'GET', path: '/crm/customers/1', subject_id: 2 }, ['/subject_id']],
    ['a path with a word for an id', { method: 'GET', path: '/crm/customers/x' }, ['/path']],
    ['no principal', { principal: undefined, permission: 'view_role' }, ['/principal']],
    ['half a principal', { principal: { kind: 'user' }, permission: 'view_role' }, ['/principal/id']],
    ['a principal by a list', { principal: { kind: 'user', id: [1] }, permission: 'view_role' }, ['/principal/id']],
    ['what is not known', { permission: 'view_role', as: 1 }, ['/as']],
  ])('400 for %s', async (_, body, expected) => {
    const answer = await ask({ principal: { kind: 'user', id: 1 }, ...body });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(expected);
  });
});
