import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, type Credentials } from '../../support/principals.js';

const LIMITS = 'rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }\n';
const CONSOLE = 'https://console.example.com';

describe('pages of other origins', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: `${LIMITS}http: { cors_origins: [${CONSOLE}, "http://localhost:5173"] }` });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const grants = (headers: Readonly<Record<string, unknown>>): string[] =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'));
  const preflight = (origin: string, path = '/crm/customers') =>
    app.ask('OPTIONS', path, {
      headers: {
        origin,
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'authorization,x-api-key,if-match',
      },
    });

  it.each([
    'null',
    'https://evil.example',
    'https://console.example.com.evil.example',
    'https://xconsole.example.com',
    'http://console.example.com',
    'https://console.example.com:8443',
    'HTTPS://console.example.com',
    'https://console.example.com/',
    '*',
    '',
  ])('200 without a grant for %j, 404 for its preflight', async (origin) => {
    const answer = await app.ask('GET', '/crm/customers', { headers: { ...admin, origin } });
    expect(answer.status).toBe(200);
    expect(grants(answer.headers)).toEqual([]);
    const asked = await preflight(origin);
    expectProblem(asked, 404);
    expect(grants(asked.headers)).toEqual([]);
  });

  it.each([CONSOLE, 'http://localhost:5173'])(
    '200 with a grant that names the configured origin: %s',
    async (origin) => {
      const answer = await app.ask('GET', '/crm/customers', { headers: { ...admin, origin } });
      expect(answer.headers['access-control-allow-origin']).toBe(origin);
      expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
      expect(answer.headers.vary).toContain('Origin');
      expect(answer.headers['access-control-expose-headers']).toContain('RateLimit');
    },
  );

  it('204 for its preflight, with methods and headers and without credentials', async () => {
    const answer = await preflight(CONSOLE);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': CONSOLE,
      'access-control-allow-headers': 'authorization,x-api-key,if-match',
      'access-control-max-age': '600',
      'x-request-id': expect.any(String),
    });
    expect(answer.headers['access-control-allow-methods']).toContain('DELETE');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('401 that such a page can read', async () => {
    const answer = await app.ask('GET', '/crm/customers', { headers: { origin: CONSOLE } });
    expectProblem(answer, 401);
    expect(answer.headers['access-control-allow-origin']).toBe(CONSOLE);
  });

  it('200 without a grant for who sends no Origin', async () => {
    expect(grants((await app.ask('GET', '/crm/customers', { headers: admin })).headers)).toEqual([]);
  });

  it('200 without a grant on the next request once the origin has left the configuration', async () => {
    await app.reconfigure(LIMITS);
    const answer = await app.ask('GET', '/crm/customers', { headers: { ...admin, origin: CONSOLE } });
    expect(answer.status).toBe(200);
    expect(grants(answer.headers)).toEqual([]);
    expectProblem(await preflight(CONSOLE), 404);
  });
});
