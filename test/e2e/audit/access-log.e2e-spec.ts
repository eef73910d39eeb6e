import { AccessLog } from '../../../src/audit/access-log.entity.js';
import { entities } from '../../../src/entities.js';
import { Database } from '../../../src/platform/database/database.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { type Asking, NO_LIMITS, TestApp } from '../../support/app.js';
import { testDatabase } from '../../support/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { raw } from '../../support/raw.js';

type Row = Record<string, any>;

describe('the access log', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const lines = async (requestId: unknown) => {
    await app.flushAccessLog();
    const answer = await app.ask('GET', `/crm/access-logs?request_id=${String(requestId)}`, { headers: admin });
    return answer.body.data as Row[];
  };
  const logged = async (method: string, path: string, asking: Asking = {}) => {
    const answer = await app.ask(method, path, asking);
    const found = await lines(answer.headers['x-request-id']);
    expect(found).toHaveLength(1);
    return { answer, line: found[0] ?? {} };
  };
  const json = { 'content-type': 'application/json' };

  it('200: who, what, from where, how it went', async () => {
    const { headers, apiKeyId } = await asApiKey(app, ['view_customer'], { name: 'The reader' });
    const { line } = await logged('GET', '/crm/customers?search=somebody&limit=1', { headers, from: '127.0.0.9' });
    expect(line).toEqual({
      access_id: expect.any(Number),
      at: app.clock.instant(),
      actor: { kind: 'api_key', id: apiKeyId, name: 'The reader' },
      method: 'GET',
      path: '/crm/customers',
      route: '/crm/customers',
      status: 200,
      address: '127.0.0.9',
      user_agent: null,
      duration_ms: expect.any(Number),
      request_id: expect.any(String),
    });
  });

  it.each<[number, string, string, string | null, () => Asking]>([
    [201, 'POST', '/crm/customers', '/crm/customers', () => ({ headers: admin, body: { customer_name: 'Logged' } })],
    [400, 'POST', '/crm/customers', '/crm/customers', () => ({ headers: admin, body: {} })],
    [400, 'POST', '/crm/customers', '/crm/customers', () => ({ headers: { ...admin, ...json }, body: '{' })],
    [400, 'GET', '/crm/customers/x', '/crm/customers/:customer_id', () => ({ headers: admin })],
    [400, 'GET', '/crm/customers/%', null, () => ({ headers: admin })],
    [401, 'GET', '/crm/customers', '/crm/customers', () => ({})],
    [401, 'GET', '/crm/customers', '/crm/customers', () => ({ headers: { authorization: 'Bearer x' } })],
    [404, 'GET', '/crm/customers/999999', '/crm/customers/:customer_id', () => ({ headers: admin })],
    [404, 'GET', '/nowhere', null, () => ({})],
    [404, 'DELETE', '/crm/audit-logs/1', null, () => ({ headers: admin })],
    [
      413,
      'POST',
      '/crm/customers',
      '/crm/customers',
      () => ({ headers: { ...admin, ...json }, body: '1'.repeat(2e6) }),
    ],
    [
      415,
      'POST',
      '/crm/customers',
      '/crm/customers',
      () => ({ headers: { ...admin, 'content-type': 'text/x' }, body: 'x' }),
    ],
  ])('%i: %s %s has its line, with the route %s', async (...[status, method, path, route, asking]) => {
    const { answer, line } = await logged(method, path, asking());
    expect(answer.status).toBe(status);
    expect(line).toMatchObject({ status, method, path, route });
  });

  it('204 and 403 have their lines, with the actor that was refused', async () => {
    const target = await asApiKey(app, ['view_customer']);
    const revoked = await logged('DELETE', `/crm/api-keys/${target.apiKeyId}`, { headers: admin });
    expect(revoked.line).toMatchObject({ status: 204, route: '/crm/api-keys/:api_key_id', actor: { kind: 'user' } });
    const { headers, apiKeyId } = await asApiKey(app, ['view_product']);
    const { line } = await logged('GET', '/crm/customers', { headers });
    expect(line).toMatchObject({ status: 403, actor: { kind: 'api_key', id: apiKeyId } });
  });

  it('401 has nobody as its actor, whoever the credential was made for', async () => {
    const { headers, apiKeyId } = await asApiKey(app, ['view_customer']);
    await app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: admin });
    expect((await logged('GET', '/crm/customers', { headers })).line).toMatchObject({ status: 401, actor: null });
  });

  it('429 has its line', async () => {
    await app.reconfigure(NO_LIMITS.replace('api_key: 0', 'api_key: 1'));
    const { headers } = await asApiKey(app, ['view_customer']);
    await app.ask('GET', '/crm/customers', { headers });
    const { answer, line } = await logged('GET', '/crm/customers', { headers });
    await app.reconfigure(NO_LIMITS);
    expect([answer.status, line.status]).toEqual([429, 429]);
  });

  it('keeps a user agent in one line of printable text, cut', async () => {
    const esc = '\u001b[31m';
    const agent = `curl/8 ${esc}\t${'x'.repeat(5_000)}`;
    const id = 'agent-of-some-size';
    const request = `GET /nowhere HTTP/1.1\r\nHost: x\r\nX-Request-Id: ${id}\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`;
    await raw(app, request);
    const [line] = await lines(id);
    expect(line?.user_agent ?? '').not.toMatch(/\p{Cc}/u);
    // Node refuses a header with a control character before we see it; then there is no line and nothing to clean.
    if (line) expect(line.user_agent).toHaveLength(256);
    const { line: tabbed } = await logged('GET', '/nowhere', { headers: { 'user-agent': `a\tb${'y'.repeat(5_000)}` } });
    expect(tabbed.user_agent).toMatch(/^a\uFFFDby+$/);
    expect(tabbed.user_agent).toHaveLength(256);
  });

  it('keeps no key and no token that came where nobody expects one', async () => {
    const { key, headers } = await asApiKey(app, ['view_customer']);
    const token = admin.authorization?.slice('Bearer '.length) ?? '';
    for (const secret of [key, token, generateKey('crm_')]) {
      const places: [string, Credentials][] = [
        [`/crm/customers/${secret}`, headers],
        [`/${secret}/x`, {}],
        [`/crm/customers?api_key=${secret}`, {}],
        [`/crm/customers;key=${secret}`, {}],
        ['/nowhere', { 'user-agent': `curl ${secret}`, referer: secret }],
        ['/nowhere', { 'x-request-id': secret.slice(0, 64) }],
      ];
      for (const [path, more] of places) {
        const { line } = await logged('GET', path, { headers: more });
        expect(JSON.stringify(line)).not.toContain(secret.slice(10, 40));
      }
    }
  });

  it('keeps a path of any length, cut, and one that is encoded as it came', async () => {
    const { line } = await logged('GET', `/${'a/'.repeat(2_000)}`);
    expect(line.path).toHaveLength(500);
    expect((await logged('GET', '/caf%C3%A9%0d%0ax')).line.path).toBe('/caf%C3%A9%0d%0ax');
  });

  it('keeps an incoming request id that is well-formed, and no other', async () => {
    const { answer } = await logged('GET', '/nowhere', { headers: { 'x-request-id': 'abc-1.2_3' } });
    expect(answer.headers['x-request-id']).toBe('abc-1.2_3');
    for (const id of ['a b', '-x', 'x'.repeat(65), '<script>']) {
      const other = await logged('GET', '/nowhere', { headers: { 'x-request-id': id } });
      expect(other.answer.headers['x-request-id']).not.toBe(id);
    }
  });

  it('403 without view_audit_log', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    const problem = expectProblem(await app.ask('GET', '/crm/access-logs', { headers }), 403);
    expect(problem.missing_permissions).toEqual(['view_audit_log']);
  });
});

describe('at shutdown', () => {
  it('the access log holds every request that was answered, and when each key was last used', async () => {
    const place = await testDatabase();
    const troubles: unknown[] = [];
    const logger = {
      log: () => undefined,
      warn: (...said: unknown[]) => troubles.push(said),
      error: (...said: unknown[]) => troubles.push(said),
    };
    const app = await TestApp.start({ database: place, logger });
    const { headers, apiKeyId } = await asApiKey(app, ['view_customer']);
    await Promise.all(Array.from({ length: 300 }, () => app.ask('GET', '/crm/customers', { headers })));
    app.clock.advance(1_000);
    await app.ask('GET', '/crm/customers', { headers });
    const last = app.clock.instant();
    await app.close();
    const database: Database = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
    const count = await database.repository(AccessLog).countBy({ actorKind: 'api_key', actorId: apiKeyId });
    const rows = await database.manager.query('SELECT last_used_at AS at FROM api_keys');
    await database.close();
    await place.drop();
    expect(troubles).toEqual([]);
    expect(count).toBe(301);
    expect(rows).toEqual([{ at: last }]);
  });
});
