import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, login } from '../../support/principals.js';

const TRUSTED = '127.0.0.5';
const CONFIG_KEY = 'configured-key-0123456789-abcdefghij';
const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
api_keys:
  ${CONFIG_KEY}: { roles: [Support, view_setting], description: "Monitoring" }
ip_whitelist: [{ address: ${TRUSTED}, roles: [Finance], expires: 2031-01-01 }]
`;

describe('whoami and logout', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());

  const whoami = (headers: Record<string, string>, from?: string) =>
    app.ask('GET', '/crm/auth/whoami', { headers, ...(from ? { from } : {}) });
  const logout = (headers: Record<string, string>, from?: string) =>
    app.ask('POST', '/crm/auth/logout', { headers, ...(from ? { from } : {}) });
  const customer = async (): Promise<number> => {
    const body = { customer_name: 'Nordlicht' };
    const answer = await app.ask('POST', '/crm/customers', { headers: await asAdmin(app), body });
    return answer.body.customer_id;
  };

  it('200 for a user', async () => {
    const customerId = await customer();
    const user = await asUser(app, ['Customer'], [customerId]);
    const answer = await whoami(user.headers);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      kind: 'user',
      id: user.userId,
      name: user.email,
      roles: ['Customer'],
      permissions: [
        'create_own_payment',
        'view_own_customer',
        'view_own_invoice',
        'view_own_payment_method',
        'view_own_service',
        'view_own_transaction',
      ],
      customer_ids: [customerId],
      expires_at: app.clock.instant(15 * 60_000),
      credential: 'jwt',
    });
  });

  it('200 for an API key, the same through both headers', async () => {
    const customerId = await customer();
    const expiry = app.clock.instant(86_400_000);
    const more = { customer_ids: [customerId], expiry_date: expiry };
    const { key, apiKeyId } = await asApiKey(app, ['view_own_customer'], more);
    for (const [name, value] of Object.entries({ 'x-api-key': key, authorization: `Bearer ${key}` })) {
      expect((await whoami({ [name]: value })).body).toEqual({
        kind: 'api_key',
        id: apiKeyId,
        name: expect.stringMatching(/^Key \d+$/),
        roles: [],
        permissions: ['view_own_customer'],
        customer_ids: [customerId],
        expires_at: expiry,
        credential: 'api_key',
      });
    }
  });

  it('200 for a key of the configuration file', async () => {
    const { body } = await whoami({ 'x-api-key': CONFIG_KEY });
    expect(body).toMatchObject({ kind: 'api_key', id: expect.any(Number), name: 'Monitoring', expires_at: null });
    expect(body.roles).toEqual(['Support']);
    expect(body.permissions).toEqual(expect.arrayContaining(['view_setting', 'create_customer']));
  });

  it('200 for a trusted address', async () => {
    const { body } = await whoami({}, TRUSTED);
    expect(body).toMatchObject({ kind: 'address', id: null, name: TRUSTED, roles: ['Finance'], credential: 'address' });
    expect(body.expires_at).toBe('2031-01-01T23:59:59.000Z');
  });

  it('400 naming a query parameter that nobody knows', async () => {
    expectProblem(await app.ask('GET', '/crm/auth/whoami?verbose=1', { headers: await asAdmin(app) }), 400);
  });

  it('204 ends this very session at once, and is recorded', async () => {
    const user = await asUser(app, []);
    const other = await login(app, user.email, user.password);
    expect((await whoami(user.headers)).status).toBe(200);
    const answer = await logout(user.headers);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    expectProblem(await whoami(user.headers), 401, 'auth.invalid_credentials');
    expectProblem(await logout(user.headers), 401, 'auth.invalid_credentials');
    expect((await whoami(other.headers)).status).toBe(200);
    const [record] = await recordsOf(app, 'authn_logout');
    expect(record).toMatchObject({
      actorKind: 'user',
      actorId: user.userId,
      subjectType: 'user',
      subjectId: user.userId,
    });
  });

  it('204 for a key and a trusted address, which have no session to end', async () => {
    const key = await asApiKey(app, ['view_customer']);
    expect((await logout(key.headers)).status).toBe(204);
    expect((await whoami(key.headers)).status).toBe(200);
    expect((await logout({}, TRUSTED)).status).toBe(204);
    expect((await whoami({}, TRUSTED)).status).toBe(200);
  });

  it('401 for a stranger', async () => {
    expectProblem(await whoami({}), 401, 'auth.missing_credential');
    expectProblem(await logout({}), 401, 'auth.missing_credential');
  });
});
