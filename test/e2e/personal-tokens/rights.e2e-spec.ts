import { DAY } from '../../../src/common/clock.js';
import { LastUseService } from '../../../src/audit/last-use.service.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { regrant } from '../../support/factories/roles.js';
import { aToken, allowPersonalTokens, aTokenMaker } from '../../support/personal-tokens.js';
import { asAdmin, asApiKey, type Credentials, login } from '../../support/principals.js';

/** What a token may do, which is never more than its user may do at that moment. */
describe('a personal token', () => {
  let app: TestApp;
  let admin: Credentials;
  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    await allowPersonalTokens(app);
  });
  afterAll(() => app.close());

  const get = (path: string, headers: Credentials) => app.ask('GET', path, { headers });
  const statusOf = async (headers: Credentials, path = '/crm/customers') => (await get(path, headers)).status;

  it('200 through either header, as a principal of its own kind with the customers of its user', async () => {
    const { customer_id: own } = await aCustomer(app);
    const user = await aTokenMaker(app, ['view_own_customer'], [own]);
    const token = await aToken(app, user, { permissions: ['view_own_customer'] });
    for (const headers of [token.headers, { authorization: `Bearer ${token.key}` }]) {
      expect((await get('/crm/auth/whoami', headers)).body).toMatchObject({
        ...{ kind: 'personal_token', id: token.apiKeyId, credential: 'api_key' },
        ...{ permissions: ['view_own_customer'], customer_ids: [own], roles: [] },
      });
      expect((await get('/crm/customers', headers)).body.data).toHaveLength(1);
    }
  });

  it('403 for what its user holds and it was not given', async () => {
    const user = await aTokenMaker(app, ['view_customer', 'view_role']);
    const { headers } = await aToken(app, user, { permissions: ['view_role'] });
    expect(await statusOf(headers, '/crm/roles')).toBe(200);
    expectProblem(await get('/crm/customers', headers), 403, 'rbac.missing_permission');
  });

  it('403 from the next request on for what its user lost, and 200 when it comes back', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const { headers } = await aToken(app, user);
    expect(await statusOf(headers)).toBe(200);
    await regrant(app, user.role, ['create_personal_token']);
    expect(await statusOf(headers)).toBe(403);
    await regrant(app, user.role, ['create_personal_token', 'view_customer']);
    expect(await statusOf(headers)).toBe(200);
  });

  it('403 for what its user gained since: a token does not grow', async () => {
    const user = await aTokenMaker(app, []);
    const { headers } = await aToken(app, user);
    await regrant(app, user.role, ['create_personal_token', 'view_customer', 'admin']);
    expect(await statusOf(headers)).toBe(403);
  });

  it('404 for a customer that its user left, 200 for one that the user joined', async () => {
    const [first, second] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    const user = await aTokenMaker(app, ['view_own_customer'], [first]);
    const { headers } = await aToken(app, user);
    const body = { customer_ids: [second] };
    expect(await statusOf(headers, `/crm/customers/${first}`)).toBe(200);
    await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body });
    expect(await statusOf(headers, `/crm/customers/${first}`)).toBe(404);
    expect(await statusOf(headers, `/crm/customers/${second}`)).toBe(200);
  });

  it('401 once its user is deactivated, and 200 when the user is let in again', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const { headers } = await aToken(app, user);
    const set = (status: string) => app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body: { status } });
    await set('deactivated');
    expectProblem(await get('/crm/customers', headers), 401, 'auth.invalid_credentials');
    await set('active');
    expect(await statusOf(headers)).toBe(200);
  });

  it('401 at once while tokens are switched off, saying so, and 200 when they are on again', async () => {
    const user = await aTokenMaker(app, ['view_customer', 'manage_api_keys']);
    const { headers } = await aToken(app, user);
    const made = await app.ask('POST', '/crm/api-keys', {
      headers,
      body: { name: 'x', permissions: ['view_customer'] },
    });
    const child = { 'x-api-key': made.body.api_key as string };
    expect([await statusOf(headers), await statusOf(child)]).toEqual([200, 200]);
    await allowPersonalTokens(app, false);
    expectProblem(await get('/crm/customers', headers), 401, 'personal_tokens.disabled');
    expectProblem(await get('/crm/customers', child), 401, 'auth.invalid_credentials');
    expect(await statusOf(user.headers)).toBe(200);
    await allowPersonalTokens(app);
    expect([await statusOf(headers), await statusOf(child)]).toEqual([200, 200]);
  });

  it('401 from the millisecond of its expiry on, saying so, with notice before that', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const expiry_date = app.clock.instant(DAY);
    const { headers } = await aToken(app, user, { expiry_date });
    expect((await get('/crm/customers', headers)).headers['x-api-key-expires']).toBe(expiry_date);
    app.clock.advance(DAY);
    expectProblem(await get('/crm/customers', headers), 401, 'api_keys.expired');
    admin = await asAdmin(app);
  });

  it('403 from an address that it was not given', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const { headers } = await aToken(app, user, { allowed_addresses: ['127.0.0.7'] });
    const from = (address: string) => app.ask('GET', '/crm/customers', { headers, from: address });
    expect([(await from('127.0.0.7')).status, (await from('127.0.0.8')).status]).toEqual([200, 403]);
  });

  it('429 by a limit of its own kind', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const { headers } = await aToken(app, user);
    await app.reconfigure(NO_LIMITS.replace('personal_token: 0', 'personal_token: 2'));
    const answers = [await get('/crm/customers', headers), await get('/crm/customers', headers)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]?.headers['ratelimit-policy']).toBe('"personal-token";q=2;w=60');
    expect(await statusOf(headers)).toBe(429);
    await app.reconfigure(NO_LIMITS);
  });

  it('makes keys that are bound to it: they hold no more than its user, and die with it', async () => {
    const user = await aTokenMaker(app, ['view_customer', 'manage_api_keys']);
    const token = await aToken(app, user);
    const create = (more: object) =>
      app.ask('POST', '/crm/api-keys', {
        headers: token.headers,
        body: { name: 'Child', permissions: ['view_customer'], ...more },
      });
    expectProblem(await create({ bound_to_creator: false }), 422, 'api_keys.beyond_parent');
    const { body } = await create({});
    expect(body).toMatchObject({ kind: 'organization', bound_to_creator: true, parent_api_key_id: token.apiKeyId });
    const child = { 'x-api-key': body.api_key as string };
    expect(await statusOf(child)).toBe(200);
    await regrant(app, user.role, ['create_personal_token', 'manage_api_keys']);
    expect(await statusOf(child)).toBe(403);
    await app.ask('DELETE', `/crm/personal-tokens/${token.apiKeyId}`, { headers: user.headers });
    expectProblem(await get('/crm/customers', child), 401, 'auth.invalid_credentials');
  });

  it('is named in the access log and by its last use, and shows and revokes itself', async () => {
    const user = await aTokenMaker(app, ['view_customer']);
    const { apiKeyId, headers } = await aToken(app, user);
    await get('/crm/customers', headers);
    await app.get(LastUseService).flush();
    await app.flushAccessLog();
    const session = await login(app, user.email, user.password);
    const [listed] = (await get('/crm/personal-tokens', session.headers)).body.data;
    expect(listed).toMatchObject({ last_used_at: app.clock.instant(), last_used_address: '127.0.0.1' });
    const query = `actor_kind=personal_token&actor_id=${apiKeyId}`;
    const { data } = (await get(`/crm/access-logs?${query}`, admin)).body;
    expect(data).toMatchObject([{ path: '/crm/customers', status: 200, actor: { kind: 'personal_token' } }]);
    const self = await get('/crm/api-keys/self', headers);
    expect(self.body).toMatchObject({ api_key_id: apiKeyId, kind: 'personal' });
    expect((await app.ask('DELETE', '/crm/api-keys/self', { headers })).status).toBe(204);
    expectProblem(await get('/crm/customers', headers), 401, 'auth.invalid_credentials');
  });

  it('is revoked when it is reported as leaked', async () => {
    const token = await aToken(app, await aTokenMaker(app, ['view_customer']));
    const reporter = await asApiKey(app, ['manage_api_keys']);
    const report = { headers: reporter.headers, body: { tokens: [token.key] } };
    const { body } = await app.ask('POST', '/crm/api-keys/leaked', report);
    expect(body.results).toMatchObject([{ known: true, revoked: true }]);
    expect(await statusOf(token.headers)).toBe(401);
  });
});
