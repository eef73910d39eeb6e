import { ADMIN, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';

const PROXY = '127.0.0.9';
const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
trusted_proxies: [${PROXY}]
http: { require_https: true }
`;

describe('http.require_https', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());

  const login = (from: string, headers: Record<string, string | string[]> = {}) =>
    app.ask('POST', '/crm/auth/login', { from, headers, body: ADMIN });

  it('403 for plain HTTP, on every route and before anything is verified', async () => {
    expectProblem(await login('127.0.0.1'), 403, 'request.insecure');
    for (const path of ['/crm/customers', '/crm/.well-known/jwks.json', '/crm/docs-json', '/nowhere', '/']) {
      expectProblem(await app.ask('GET', path), 403, 'request.insecure');
    }
  });

  it('403 for a stranger who claims HTTPS', async () => {
    for (const name of ['x-forwarded-proto', 'x-forwarded-ssl', 'x-forwarded-scheme', 'front-end-https', 'forwarded']) {
      expectProblem(await login('127.0.0.1', { [name]: 'https' }), 403, 'request.insecure');
    }
  });

  it.each([undefined, 'http', '', 'https, http', 'ftp', 'httpsx'])(
    '403 from the proxy when it says %j',
    async (proto) => {
      const answer = proto === undefined ? login(PROXY) : login(PROXY, { 'x-forwarded-proto': proto });
      expectProblem(await answer, 403, 'request.insecure');
    },
  );

  it.each(['https', 'HTTPS', 'http, https'])('200 from the proxy when it says %j', async (proto) => {
    expect((await login(PROXY, { 'x-forwarded-proto': proto, 'x-forwarded-for': '198.51.100.1' })).status).toBe(200);
  });

  it('200 for probes, which come without TLS', async () => {
    expect((await app.ask('GET', '/health/live')).status).toBe(200);
    expect((await app.ask('GET', '/health/ready')).status).toBe(200);
    expectProblem(await app.ask('GET', '/health/../crm/docs-json'), 404);
  });

  it('200 for plain HTTP on the next request once the configuration allows it', async () => {
    await app.reconfigure(CONFIG.replace('require_https: true', 'require_https: false'));
    expect((await login('127.0.0.1')).status).toBe(200);
  });
});
