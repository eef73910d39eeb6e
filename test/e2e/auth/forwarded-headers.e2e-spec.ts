import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asApiKey, type KeyHolder } from '../../support/principals.js';
import { raw } from '../../support/raw.js';

const PROXY = '127.0.0.9';
const TRUSTED = '127.0.0.5';
const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
trusted_proxies: [${PROXY}, 127.0.9.0/24]
ip_whitelist: [${TRUSTED}, 10.1.2.3, "2001:db8::/32", { address: 203.0.113.7, allow_public: true }]
ip_whitelist_default_roles: [view_customer]
http: { allowed_hosts: [] }
`.replace('"2001:db8::/32"', '{ address: "2001:db8::/32", allow_public: true }');

describe('forwarding headers', () => {
  let app: TestApp;
  let key: KeyHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    key = await asApiKey(app, []).catch(() => asApiKey(app, ['view_customer']));
  });
  afterAll(() => app.close());

  const whoami = (from: string, headers: Record<string, string | string[]> = {}) =>
    app.ask('GET', '/crm/auth/whoami', { from, headers });

  const names = [
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Server',
    'X-Forwarded',
    'X-Real-IP',
    'Forwarded',
    'True-Client-IP',
    'CF-Connecting-IP',
    'X-Client-IP',
    'X-Cluster-Client-IP',
    'Fastly-Client-IP',
    'X-Original-Forwarded-For',
    'X-Envoy-External-Address',
    'Via',
  ];

  it.each(names)('401 for a stranger who forges %s', async (name) => {
    for (const value of [TRUSTED, '10.1.2.3', `for=${TRUSTED}`, '127.0.0.1', PROXY]) {
      expectProblem(await whoami('127.0.0.1', { [name]: value }), 401, 'auth.missing_credential');
    }
  });

  it.each(names)(
    '401 for a trusted address that passes on %s: who stands behind it is nobody we know',
    async (name) => {
      expect((await whoami(TRUSTED)).status).toBe(200);
      for (const value of ['198.51.100.1', TRUSTED, '']) {
        expectProblem(await whoami(TRUSTED, { [name]: value }), 401, 'auth.missing_credential');
      }
    },
  );

  it('431 when so many header fields come first that Node would drop the forwarding one', async () => {
    const filler = Array.from({ length: 3_000 }, () => 'a:\r\n').join('');
    const answer = await raw(
      app,
      `GET /crm/auth/whoami HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${filler}X-Forwarded-For: 1.2.3.4\r\n\r\n`,
    );
    expect(answer.status).toBe(431);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it.each([
    ['one hop', '10.1.2.3', '10.1.2.3'],
    ['a spoofed left part', '127.0.0.5, 198.51.100.1, 10.1.2.3', '10.1.2.3'],
    ['several trusted proxies', '10.1.2.3, 127.0.9.1, 127.0.9.2', '10.1.2.3'],
    ['blanks', ' 10.1.2.3 ,127.0.9.1', '10.1.2.3'],
    ['IPv6', '2001:db8::7', '2001:db8::7'],
    ['IPv6 spelled long', '2001:0DB8:0:0:0:0:0:7', '2001:db8::7'],
    ['the IPv4-mapped form', '::ffff:10.1.2.3', '10.1.2.3'],
    ['a public address that is allowed', '203.0.113.7', '203.0.113.7'],
  ])('200 from a trusted proxy with %s', async (_what, value, name) => {
    const answer = await whoami(PROXY, { 'x-forwarded-for': value });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ kind: 'address', name });
  });

  it('200 when a proxy sends the header twice: the later one is the nearer one', async () => {
    const answer = await whoami(PROXY, { 'x-forwarded-for': ['198.51.100.1', '10.1.2.3'] });
    expect(answer.body.name).toBe('10.1.2.3');
  });

  it.each([
    ['a stranger behind it', '198.51.100.1'],
    ['a trusted address only in the spoofed part', '10.1.2.3, 198.51.100.1'],
    ['a trusted address left of a stranger and a proxy', '10.1.2.3, 198.51.100.1, 127.0.9.1'],
    ['nothing', ''],
    ['only proxies', '127.0.9.1, 127.0.9.2'],
    ['itself', PROXY],
    ['nonsense', 'nonsense'],
    ['nonsense between', '10.1.2.3, nonsense'],
    ['an empty hop', '10.1.2.3,'],
    ['unknown', '10.1.2.3, unknown'],
    ['a port', '10.1.2.3:80'],
    ['brackets', '[2001:db8::7]'],
    ['an octal number', '010.1.2.3'],
    ['a short form', '10.66051'],
    ['a zone', 'fe80::1%eth0'],
    ['a million hops', Array.from({ length: 1_000 }, () => '127.0.9.1').join(',')],
  ])('401 from a trusted proxy with %s', async (_what, value) => {
    expectProblem(await whoami(PROXY, { 'x-forwarded-for': value }), 401, 'auth.missing_credential');
  });

  it('401 from a proxy without the header: its own address is nobody', async () => {
    expectProblem(await whoami(PROXY), 401, 'auth.missing_credential');
  });

  it('401 from a proxy with another header than X-Forwarded-For', async () => {
    for (const name of ['x-real-ip', 'forwarded', 'true-client-ip', 'x-client-ip']) {
      expectProblem(await whoami(PROXY, { [name]: '10.1.2.3' }), 401, 'auth.missing_credential');
    }
  });

  it('200 with a key through any path: forwarding headers do no harm to it', async () => {
    for (const from of ['127.0.0.1', PROXY, TRUSTED]) {
      const answer = await whoami(from, { ...key.headers, 'x-forwarded-for': '198.51.100.1', 'x-real-ip': '1.1.1.1' });
      expect(answer.body.kind).toBe('api_key');
    }
  });

  it.each([
    ['a stranger', '127.0.0.3', { 'x-forwarded-for': '10.1.2.3' }, '127.0.0.3'],
    ['a proxy', PROXY, { 'x-forwarded-for': '6.6.6.6, 198.51.100.1' }, '198.51.100.1'],
    ['a proxy for itself', PROXY, {}, PROXY],
  ])('401 is recorded with the address that counts: %s', async (_what, from, headers, address) => {
    await app.ask('POST', '/crm/auth/login', { from, headers, body: { email: 'x@example.com', password: 'wrong' } });
    const [record] = await recordsOf(app, 'authn_login_fail');
    expect(record?.address).toBe(address);
  });

  it('421 for a host named by X-Forwarded-Host: only Host counts', async () => {
    const headers = { 'x-forwarded-for': '10.1.2.3', host: 'evil.example', 'x-forwarded-host': 'localhost' };
    expectProblem(await whoami(PROXY, headers), 421, 'auth.misdirected');
  });
});
