import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { PermissionCatalogue } from '../../../src/rbac/permission-catalogue.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import {
  asAdmin,
  asApiKey,
  asUser,
  type Credentials,
  type KeyHolder,
  type UserHolder,
} from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

const FORM = 'application/x-www-form-urlencoded';
const TRUSTED = '127.0.0.5';
const CONFIGURED = 'a-key-of-the-file-with-signs:&+%=;/?@#';
const CONFIG = `
${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [admin], allow_admin: true }]
api_keys:
  "${CONFIGURED}": { roles: [view_setting], description: Monitoring }
`;

describe('POST /crm/auth/introspect', () => {
  let app: TestApp;
  let service: KeyHolder;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    service = await asApiKey(app, ['introspect_token']);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
  });

  const post = (body: string, headers: Credentials = service.headers, type = FORM): Promise<Answer> =>
    app.ask('POST', '/crm/auth/introspect', { headers: { ...headers, 'content-type': type }, body });
  const introspect = (token: string, hint?: string): Promise<Answer> =>
    post(new URLSearchParams({ token, ...(hint === undefined ? {} : { token_type_hint: hint }) }).toString());
  const seconds = (instant: string): number => Math.floor(Date.parse(instant) / 1_000);
  const expectInactive = async (token: string): Promise<void> => {
    const { status, text, headers } = await introspect(token);
    expect({ status, text, cache: headers['cache-control'] }).toEqual({
      status: 200,
      text: '{"active":false}',
      cache: 'no-store',
    });
  };

  it('200 for an access token: whose it is, and what it may do', async () => {
    const { customer_id: customerId } = await aCustomer(app);
    const holder = await asUser(app, ['Customer'], [customerId]);
    const answer = await introspect(holder.token, 'access_token');
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(answer.body).toEqual({
      active: true,
      scope:
        'create_own_payment view_own_customer view_own_invoice view_own_payment_method view_own_service view_own_transaction',
      client_id: `user:${holder.userId}`,
      username: holder.email,
      token_type: 'Bearer',
      exp: seconds(app.clock.instant()) + 900,
      iat: seconds(app.clock.instant()),
      sub: String(holder.userId),
      iss: 'omnicrm',
      kind: 'user',
      roles: ['Customer'],
      customer_ids: [customerId],
      allowed_addresses: null,
    });
  });

  it('200 for an API key, whatever the hint says, wherever it may be used from', async () => {
    const expiry = app.clock.instant(86_400_000);
    const more = { expiry_date: expiry, allowed_addresses: ['192.0.2.0/24', '2001:db8::1'], name: 'Zoë' };
    const { key, apiKeyId } = await asApiKey(app, ['view_service', 'view_customer'], more);
    for (const hint of [undefined, 'access_token', 'refresh_token', 'nonsense']) {
      expect((await introspect(key, hint)).body).toEqual({
        active: true,
        scope: 'view_customer view_service',
        client_id: `api_key:${apiKeyId}`,
        username: 'Zoë',
        token_type: 'Bearer',
        exp: seconds(expiry),
        iat: seconds(app.clock.instant()),
        sub: String(apiKeyId),
        iss: 'omnicrm',
        kind: 'api_key',
        roles: [],
        customer_ids: [],
        allowed_addresses: ['192.0.2.0/24', '2001:db8::1'],
      });
    }
  });

  it('200 without exp for a key that never expires, and for one of the configuration file with signs that forms escape', async () => {
    const { key } = await asApiKey(app, ['view_customer']);
    expect((await introspect(key)).body).not.toHaveProperty('exp');
    const { body } = await introspect(CONFIGURED);
    expect(body).toMatchObject({ active: true, scope: 'view_setting', username: 'Monitoring', kind: 'api_key' });
  });

  it('200 and not active for all that is not alive, in one and the same answer', async () => {
    const gone = await asApiKey(app, ['view_customer']);
    await app.ask('DELETE', `/crm/api-keys/${gone.apiKeyId}`, { headers: await asAdmin(app) });
    const over = await asApiKey(app, ['view_customer'], { expiry_date: app.clock.instant(1_000) });
    const ended = await asUser(app, []);
    await app.ask('POST', '/crm/auth/logout', { headers: ended.headers });
    app.clock.advance(2_000);
    const [head = '', claims = '', tag = ''] = user.token.split('.');
    const strange = [
      gone.key,
      over.key,
      ended.token,
      user.refreshToken,
      generateKey('crm_'),
      'x',
      ' ',
      'a b c',
      'Bearer x',
      `Bearer ${user.token}`,
      `${head}.${claims}.${tag.slice(0, -4)}AAAA`,
      `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${claims}.`,
      `${head}.${claims}.`,
      "' OR 1=1 --",
      '\u{1f600}'.repeat(100),
      'x'.repeat(16_384),
    ];
    for (const token of strange) await expectInactive(token);
  });

  it('200 for a new value that may not be used from here is no use of it, and does not hide its first one', async () => {
    const held = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.8'] });
    const path = `/crm/api-keys/${held.apiKeyId}/regenerate`;
    const body = { retire_seconds_after_first_use: 0 };
    const { api_key: fresh } = (await app.ask('POST', path, { headers: await asAdmin(app), body })).body;
    const use = async (key: string) =>
      (await app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': key }, from: '127.0.0.8' })).status;
    expect((await introspect(fresh)).body.active).toBe(true);
    expect(await use(held.key)).toBe(200);
    expect([await use(fresh), await use(held.key)]).toEqual([200, 401]);
  });

  it('200 and not active from the next question on, once it ended', async () => {
    const key = await asApiKey(app, ['view_customer']);
    expect((await introspect(key.key)).body.active).toBe(true);
    await app.ask('DELETE', `/crm/api-keys/${key.apiKeyId}`, { headers: await asAdmin(app) });
    await expectInactive(key.key);
    expect((await introspect(user.token)).body.active).toBe(true);
    const body = { status: 'deactivated' };
    await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: await asAdmin(app), body });
    await expectInactive(user.token);
    const idle = await asUser(app, []);
    app.clock.advance(900_000);
    await expectInactive(idle.token);
  });

  it('200 counts neither as a use of the token nor against its limit', async () => {
    const { key, headers, apiKeyId } = await asApiKey(app, ['view_customer'], { rate_limit: 1 });
    for (let index = 0; index < 5; index += 1) expect((await introspect(key)).body.active).toBe(true);
    const shown = await app.ask('GET', `/crm/api-keys/${apiKeyId}`, { headers: await asAdmin(app) });
    expect(shown.body.last_used_at).toBeNull();
    expect((await app.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(200);
  });

  it('200 leaves no trace of the token, and no change record', async () => {
    const before = await countRecords(app);
    await introspect(user.token);
    expect(await countRecords(app)).toBe(before);
    await app.flushAccessLog();
    const log = await app.ask('GET', '/crm/access-logs?limit=100&sort=-access_id', { headers: await asAdmin(app) });
    expect(log.text).toContain('/crm/auth/introspect');
    expect(log.text).not.toContain(user.token);
  });

  it.each([
    ['', ['/token']],
    ['token=', ['/token']],
    ['token_type_hint=access_token', ['/token']],
    ['token=a&token=b', ['/token']],
    ['token=a&client_id=1&client_secret=2', ['/client_id', '/client_secret']],
    ['token=a&__proto__=1&constructor=2&toString=3', ['/__proto__', '/constructor', '/toString']],
    ['token[a]=1', ['/token', '/token[a]']],
    ['token=%00', ['/token']],
    [`token=${'x'.repeat(16_385)}`, ['/token']],
  ])('400 for %s', async (body, wrong) => {
    const answer = await post(body);
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer).toSorted()).toEqual(wrong);
  });

  it('413 for a form of 2 MB', async () => {
    expectProblem(await post(`token=${'x'.repeat(2_000_000)}`), 413, 'request.too_large');
  });

  it.each([
    'application/json',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencodedx',
    '',
  ])('415 for %j: the standard asks for a form', async (type) => {
    expectProblem(await post('{"token":"x"}', service.headers, type), 415);
  });

  it('200 with a charset, in any letter case', async () => {
    const answer = await post('token=x', service.headers, 'Application/X-WWW-Form-Urlencoded; charset=UTF-8');
    expect([answer.status, answer.body]).toEqual([200, { active: false }]);
  });

  it('415 for a form everywhere else', async () => {
    const headers = { ...(await asAdmin(app)), 'content-type': FORM };
    for (const [path, body] of [
      ['/crm/customers', 'customer_name=x'],
      ['/crm/users', 'email=a%40example.com'],
      ['/crm/auth/login', 'email=admin%40example.com&password=x'],
      ['/crm/auth/password/change', 'current_password=x'],
    ]) {
      expectProblem(await app.ask('POST', path ?? '', { headers, body }), 415, 'request.unsupported_media_type');
    }
  });

  it('415 from a trusted address: any page could post a form there', async () => {
    const headers = { 'content-type': FORM };
    expectProblem(await app.ask('POST', '/crm/auth/introspect', { from: TRUSTED, headers, body: 'token=x' }), 415);
  });

  it('403 naming introspect_token for who lacks it, whatever else they hold, about their own token, too', async () => {
    const all = app.get(PermissionCatalogue).list();
    const others = all.map(({ identifier }) => identifier).filter((it) => !['admin', 'introspect_token'].includes(it));
    for (const headers of [user.headers, (await asApiKey(app, others)).headers]) {
      const problem = expectProblem(await post(`token=${user.token}`, headers), 403, 'rbac.missing_permission');
      expect(problem.missing_permissions).toEqual(['introspect_token']);
    }
  });

  it('401 without a credential, and with one that nobody gave out', async () => {
    expectProblem(await post(`token=${user.token}`, {}), 401, 'auth.missing_credential');
    expectProblem(await post(`token=${user.token}`, { 'x-api-key': 'x'.repeat(40) }), 401);
    expectProblem(await post(`token=${user.token}`, { ...service.headers, ...user.headers }), 400);
  });
});
