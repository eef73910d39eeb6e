import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asApiKey } from '../../support/principals.js';
import { raw } from '../../support/raw.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
ip_whitelist: [{ address: ${TRUSTED}, roles: [view_customer, create_customer] }]
http:
  allowed_hosts: [crm.example.com, crm.example.net:8443]
  base_url: https://crm.example.com
  cors_origins: [https://console.example.com]
`;

describe('a request that is judged by its address', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());

  const whoami = (headers: Record<string, string>) => app.ask('GET', '/crm/auth/whoami', { from: TRUSTED, headers });
  const create = (headers: Record<string, string>, body: unknown = { customer_name: 'Nordlicht' }) =>
    app.ask('POST', '/crm/customers', { from: TRUSTED, headers, body });
  const count = async (): Promise<number> =>
    (await app.ask('GET', '/crm/customers?count=true', { from: TRUSTED })).body.page.total;

  it('200 and 201 for a program that sends no Origin', async () => {
    expect((await whoami({})).status).toBe(200);
    expect((await create({})).status).toBe(201);
  });

  it('200 for our own pages', async () => {
    for (const host of [`127.0.0.1:${app.port}`, `localhost:${app.port}`, 'crm.example.com']) {
      for (const origin of [`http://${host}`, `https://${host}`, 'https://crm.example.com']) {
        expect((await whoami({ host, origin, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
      }
    }
    expect((await whoami({ 'sec-fetch-site': 'none' })).status).toBe(200);
  });

  it.each([
    'https://evil.example',
    'null',
    'NULL',
    '',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'http://127.0.0.1.evil.example',
    'http://evil.example/127.0.0.1',
    'https://crm.example.com.evil.example',
    'https://xcrm.example.com',
    'https://crm.example.com:444',
    'http://crm.example.com',
    'https://console.example.com',
    'https://evil.example, http://127.0.0.1',
    'file://',
    'nonsense',
  ])('403 with the Origin %j, and nothing is written', async (origin) => {
    const before = await count();
    expectProblem(await whoami({ origin }), 403, 'auth.foreign_origin');
    expectProblem(await create({ origin }), 403, 'auth.foreign_origin');
    expect(await count()).toBe(before);
  });

  it('403 for a look-alike of our own host and port', async () => {
    for (const origin of [`http://127.0.0.1:${app.port}.evil.example`, `http://127.0.0.1:${app.port}0`]) {
      expectProblem(await whoami({ origin }), 403, 'auth.foreign_origin');
    }
  });

  it('403 with Sec-Fetch-Site: cross-site, without and with an Origin of ours', async () => {
    expectProblem(await whoami({ 'sec-fetch-site': 'cross-site' }), 403, 'auth.foreign_origin');
    const origin = `http://127.0.0.1:${app.port}`;
    expectProblem(await whoami({ 'sec-fetch-site': 'cross-site', origin }), 403, 'auth.foreign_origin');
  });

  it.each([
    'text/plain',
    'text/plain; charset=application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json-patch+json',
    'text/json',
    'nonsense',
  ])('415 with a body of %s, and nothing is written', async (type) => {
    const before = await count();
    expectProblem(await create({ 'content-type': type }), 415, 'request.unsupported_media_type');
    expect(await count()).toBe(before);
  });

  it('415 with such a type and no body', async () => {
    expectProblem(await whoami({ 'content-type': 'text/plain' }), 415, 'request.unsupported_media_type');
  });

  it('201 with parameters behind application/json', async () => {
    expect((await create({ 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
    expect((await create({ 'content-type': 'Application/JSON' })).status).toBe(201);
  });

  it.each([
    'evil.example',
    'localhost.evil.example',
    'localhostx',
    '127.0.0.1.evil.example',
    '127.0.0.2',
    '127.1',
    '2130706433',
    '0x7f000001',
    'crm.example.net',
    'xcrm.example.com',
    '[::1]evil',
    '[::1',
  ])('421 with the Host %j', async (host) => {
    expectProblem(await whoami({ host }), 421, 'auth.misdirected');
  });

  it.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST',
    '127.0.0.1',
    '127.0.0.1:9',
    '[::ffff:127.0.0.1]:3000',
    'crm.example.com',
    'CRM.example.com:443',
    'crm.example.net:8443',
  ])('200 with the Host %j', async (host) => {
    expect((await whoami({ host })).status).toBe(200);
  });

  it('421 with an empty Host', async () => {
    const config = CONFIG.replace(TRUSTED, '127.0.0.1');
    await app.reconfigure(config);
    const answer = await raw(app, 'GET /crm/auth/whoami HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n');
    expect(answer.status).toBe(421);
    await app.reconfigure(CONFIG);
  });

  it('400 without any Host', async () => {
    const answer = await raw(app, 'GET /crm/auth/whoami HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answer.status).toBe(400);
  });

  it('200 for a key, whatever Origin and Host it comes with', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    const browser = { origin: 'https://evil.example', host: 'evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await whoami({ ...headers, ...browser })).status).toBe(200);
  });

  it('401 for a stranger, before anything about hosts and origins is told', async () => {
    const headers = { origin: 'https://evil.example', host: 'evil.example' };
    expectProblem(await app.ask('GET', '/crm/auth/whoami', { headers }), 401, 'auth.missing_credential');
  });
});

describe('a server on ::1', () => {
  it('200 with the Host [::1], with and without a port, 421 with another', async () => {
    const config = 'ip_whitelist: ["::1"]\nip_whitelist_default_roles: [view_customer]\n';
    const app = await TestApp.start({ config, environment: { CRM_HOST: '::1' } });
    const whoami = (host: string) => app.ask('GET', '/crm/auth/whoami', { to: '::1', headers: { host } });
    for (const host of ['[::1]', `[::1]:${app.port}`, '[0:0:0:0:0:0:0:1]:80', 'localhost']) {
      expect((await whoami(host)).status).toBe(200);
    }
    for (const host of ['[::2]', '127.0.0.1', '[::1]:']) expectProblem(await whoami(host), 421);
    await app.close();
  });
});
