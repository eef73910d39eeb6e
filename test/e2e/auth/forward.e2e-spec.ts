import { Database } from '../../../src/platform/database/database.js';
import { PermissionCatalogue } from '../../../src/rbac/permission-catalogue.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [view_service] }]\n`;

describe('GET /crm/auth/forward', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const forward = (headers: Credentials, query = '', from = '127.0.0.1'): Promise<Answer> =>
    app.ask('GET', `/crm/auth/forward${query}`, { headers, from });

  it('200 for each kind of principal, named in X-Crm-* and in the body as whoami does', async () => {
    const { customer_id: customerId } = await aCustomer(app);
    const user = await asUser(app, ['Customer'], [customerId]);
    const key = await asApiKey(app, ['view_customer', 'admin']);
    const expected = [
      [await forward(user.headers), ['user', String(user.userId), user.email, String(customerId)]],
      [await forward(key.headers), ['api_key', String(key.apiKeyId), expect.stringMatching(/^Key%20\d+$/), '']],
      [await forward({}, '', TRUSTED), ['address', undefined, TRUSTED, '']],
    ] as const;
    for (const [{ status, headers, body }, [kind, id, name, customers]] of expected) {
      expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
      expect(headers).toMatchObject({
        'x-crm-principal-kind': kind,
        'x-crm-principal-name': name,
        'x-crm-permissions': body.permissions.join(' '),
        'x-crm-customer-ids': customers,
      });
      expect(headers['x-crm-principal-id']).toBe(id);
      expect(body.kind).toBe(kind);
    }
  });

  it('200 without a body for HEAD, with the same fields', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    const answer = await app.ask('HEAD', '/crm/auth/forward', { headers });
    expect([answer.status, answer.text, answer.headers['x-crm-permissions']]).toEqual([200, '', 'view_customer']);
  });

  it.each([
    ['line breaks and fields', 'a\r\nX-Crm-Permissions: admin', 'a%0D%0AX-Crm-Permissions:%20admin'],
    ['letters of all kinds', 'Žofie 张 😀', '%C5%BDofie%20%E5%BC%A0%20%F0%9F%98%80'],
    ['what looks encoded', '100% %0A', '100%25%20%250A'],
  ])('200 with a header-safe name: %s', async (_what, name, encoded) => {
    const { headers } = await asApiKey(app, ['view_customer'], { name });
    const answer = await forward(headers);
    expect([answer.status, answer.headers['x-crm-principal-name']]).toEqual([200, encoded]);
    expect(decodeURIComponent(encoded)).toBe(answer.body.name);
    expect(answer.headers['x-crm-permissions']).toBe('view_customer');
  });

  describe('?permission=', () => {
    it('200 for who holds it, in any letter case, and for an administrator', async () => {
      const key = await asApiKey(app, ['view_service']);
      for (const query of ['?permission=view_service', '?permission=VIEW_Service']) {
        expect((await forward(key.headers, query)).status).toBe(200);
        expect((await forward(await asAdmin(app), query)).status).toBe(200);
      }
      expect((await forward(key.headers, '?permission=view_own_service')).status).toBe(200);
    });

    it('403 naming it for who lacks it, and for who holds its own form alone', async () => {
      const { customer_id: mine } = await aCustomer(app);
      const own = await asApiKey(app, ['view_own_service'], { customer_ids: [mine] });
      for (const holder of [await asApiKey(app, ['view_customer']), own]) {
        const problem = expectProblem(await forward(holder.headers, '?permission=view_service'), 403);
        expect(problem).toMatchObject({ code: 'rbac.missing_permission', missing_permissions: ['view_service'] });
      }
      expect((await forward(own.headers, '?permission=view_own_service')).status).toBe(200);
    });

    it.each(['no_such_right', '*', 'constructor', '__proto__', 'view_service,admin', 'view_service admin'])(
      '403 for %s, even for an administrator',
      async (name) => {
        const answer = await forward(await asAdmin(app), `?permission=${encodeURIComponent(name)}`);
        expectProblem(answer, 403, 'auth.unknown_permission');
      },
    );

    it.each([
      '?permission=',
      '?permission=admin&permission=admin',
      '?permision=admin',
      '?permission=%00',
      '?__proto__=1',
    ])('403 for the malformed question %s: nothing is let in by mistake', async (query) => {
      expectProblem(await forward(await asAdmin(app), query), 403, 'request.invalid');
    });

    it('says of every permission what whoami says', async () => {
      const granted = ['view_customer', 'view_service', 'manage_api_keys'];
      const { headers } = await asApiKey(app, granted);
      const all = app.get(PermissionCatalogue).list();
      const held = new Set([...granted, 'view_basic_customer', 'view_own_customer', 'view_own_service']);
      for (const { identifier } of all) {
        const { status } = await forward(headers, `?permission=${identifier}`);
        expect([identifier, status]).toEqual([identifier, held.has(identifier) ? 200 : 403]);
      }
    });
  });

  describe('never answers anything but 200, 401 and 403', () => {
    it('401 with a challenge for whom we do not know', async () => {
      const { key, apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: app.clock.instant(1_000) });
      const expired = await asUser(app, []);
      app.clock.advance(3_600_000);
      const revoked = await asApiKey(app, ['view_customer']);
      await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: await asAdmin(app) });
      expect(apiKeyId).toBeGreaterThan(0);
      const unknown: [Credentials, string][] = [
        [{}, 'auth.missing_credential'],
        [{ authorization: 'Bearer' }, 'auth.malformed_authorization'],
        [{ authorization: 'Basic YTpi' }, 'auth.malformed_authorization'],
        [{ 'x-api-key': '' }, 'auth.invalid_credentials'],
        [{ 'x-api-key': key }, 'api_keys.expired'],
        [expired.headers, 'auth.token_expired'],
        [revoked.headers, 'auth.invalid_credentials'],
        [{ ...revoked.headers, authorization: `Bearer ${key}` }, 'auth.credential_conflict'],
      ];
      for (const [headers, code] of unknown) {
        const answer = await forward(headers, '?permission=view_customer');
        expectProblem(answer, 401, code);
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      }
      expectProblem(await forward({ 'x-api-key': 'x'.repeat(40) }, '', TRUSTED), 401);
    });

    it('403 where a request judged by address would be 403, 415 or 421', async () => {
      const ask = (headers: Credentials) => forward(headers, '', TRUSTED);
      expectProblem(await ask({ origin: 'https://evil.example' }), 403, 'auth.foreign_origin');
      expectProblem(await ask({ 'content-type': 'text/plain' }), 403, 'request.unsupported_media_type');
      expectProblem(await ask({ host: 'evil.example' }), 403, 'auth.misdirected');
    });

    it('403 for too many header fields', async () => {
      const { headers } = await asApiKey(app, ['view_customer']);
      const many = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`x-${index}`, '1']));
      expectProblem(await forward({ ...headers, ...many }), 403, 'request.headers_too_large');
    });

    it('403 when a limit is used up, with the fields that say when to come back', async () => {
      const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 1 });
      expect((await app.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(200);
      const answer = await forward(headers);
      expectProblem(answer, 403, 'throttling.too_many');
      expect(answer.headers).toMatchObject({ 'retry-after': '60', ratelimit: '"api-key";r=0;t=60' });
      expect((await app.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(429);
    });

    it('401 when an address has failed too often, and still 200 for who holds a key there', async () => {
      const { headers } = await asApiKey(app, ['view_customer']);
      await app.reconfigure(CONFIG.replace('failed_auth: 0', 'failed_auth: 2'));
      const failures = [];
      for (let index = 0; index < 4; index += 1) failures.push(await forward({ 'x-api-key': 'x'.repeat(40) }));
      expect(failures.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
      const last = failures[3] as Answer;
      expectProblem(last, 401, 'throttling.too_many_failures');
      expect(last.headers['retry-after']).toBe('60');
      expect(last.headers['www-authenticate']).toMatch(/^Bearer/);
      expect((await forward(headers)).status).toBe(200);
      await app.reconfigure(CONFIG);
    });

    it('403 while the database does not answer', async () => {
      const { headers } = await asApiKey(app, ['view_customer']);
      const broken = jest.spyOn(Database.prototype, 'repository').mockImplementation(() => {
        throw new Error('the database is away');
      });
      const answer = await forward(headers);
      broken.mockRestore();
      expectProblem(answer, 403, 'server.internal');
      expect(answer.text).not.toContain('away');
      expect((await forward(headers)).status).toBe(200);
    });
  });

  it('writes no record, whatever it answers', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    const before = await countRecords(app);
    for (const query of ['', '?permission=admin', '?permission=nothing']) await forward(headers, query);
    expect(await countRecords(app)).toBe(before);
  });
});
