import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { type Nginx, startNginx } from '../../support/nginx.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

const HOW_TO = join(__dirname, '../../../docs/how-to/forward-auth.md');
const TRUSTED = '127.0.0.5';
const CONFIG = `
${NO_LIMITS}trusted_proxies: [127.0.0.1]
http: { allowed_hosts: [tools.example.com] }
ip_whitelist: [{ address: ${TRUSTED}, roles: [view_service], description: Grafana }]
`;

interface Asked {
  readonly headers?: Credentials;
  readonly method?: string;
  readonly body?: string;
  readonly from?: string;
  readonly path?: string;
}

interface Seen {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** What the service behind the proxy got, unless it was not asked at all. */
  readonly service: { method: string; url: string; headers: Record<string, string>; body: string } | null;
}

/** The very configuration of docs/how-to/forward-auth.md, in front of a service that tells what it was asked. */
describe('a service behind a real nginx', () => {
  let app: TestApp;
  let service: Server;
  let nginx: Nginx;
  let asked = 0;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    service = createServer((request, response) => {
      asked += 1;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
      });
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    nginx = await startNginx(configuration);
  });
  afterAll(async () => {
    await nginx.stop();
    service.closeAllConnections();
    service.close();
    await app.close();
  });

  /** Only where things listen is changed, and that there is no TLS. */
  function configuration(port: number): string {
    const [, text = ''] = /```nginx\n([\s\S]*?)```/.exec(readFileSync(HOW_TO, 'utf8')) ?? [];
    const places: [string, string][] = [
      ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
      ['http://127.0.0.1:8080', `http://127.0.0.1:${(service.address() as AddressInfo).port}`],
      ['http://127.0.0.1:3000', app.url],
    ];
    for (const [from] of places) if (!text.includes(from)) throw new Error(`the how-to does not say ${from}`);
    return places.reduce((conf, [from, to]) => conf.replaceAll(from, to), text).replace(/^ *ssl_certificate.*$/gm, '');
  }

  const ask = (asking: Asked = {}): Promise<Seen> => {
    const { headers = {}, method = 'GET', body, from = '127.0.0.1', path = '/a/page?q=1' } = asking;
    const before = asked;
    const target = { host: '127.0.0.1', port: nginx.port, localAddress: from, agent: false, method, path };
    const all = { host: 'tools.example.com', ...headers };
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ ...target, headers: all }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isAsked = asked > before;
          const told = isAsked && text !== '' ? (JSON.parse(text) as Seen['service']) : null;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, service: told });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  };
  const crm = ({ service: it }: Seen): Record<string, string> =>
    Object.fromEntries(Object.entries(it?.headers ?? {}).filter(([name]) => name.startsWith('x-crm-')));

  it('200 for a key that holds the permission: it reaches the service, named, without its credential', async () => {
    const { apiKeyId, key } = await asApiKey(app, ['view_service', 'view_customer'], { name: 'Zoë: 100 %' });
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }] as Credentials[]) {
      const seen = await ask({ headers });
      expect(seen.status).toBe(200);
      expect(seen.service).toMatchObject({ method: 'GET', url: '/a/page?q=1' });
      expect(crm(seen)).toEqual({
        'x-crm-principal-kind': 'api_key',
        'x-crm-principal-id': String(apiKeyId),
        'x-crm-principal-name': 'Zo%C3%AB:%20100%20%25',
        'x-crm-permissions': 'view_customer view_service',
      });
      expect(JSON.stringify(seen.service)).not.toContain(key);
    }
  });

  it('200 for a user’s access token', async () => {
    const user = await asUser(app, ['Support']);
    const seen = await ask({ headers: user.headers });
    expect(seen.status).toBe(200);
    expect(crm(seen)).toMatchObject({
      'x-crm-principal-kind': 'user',
      'x-crm-principal-id': String(user.userId),
      'x-crm-principal-name': user.email,
    });
  });

  it('403 for a key that lacks it, and the service is not asked', async () => {
    const holder = await asApiKey(app, ['view_customer', 'view_own_service', 'manage_api_keys']);
    const before = asked;
    expect((await ask({ headers: holder.headers })).status).toBe(403);
    expect(asked).toBe(before);
  });

  it('401 with a challenge for nobody, a stranger and two credentials, and the service is not asked', async () => {
    const { key } = await asApiKey(app, ['view_service']);
    const before = asked;
    const strangers = [{}, { 'x-api-key': 'x'.repeat(40) }, { 'x-api-key': key, authorization: `Bearer ${key}` }];
    for (const headers of strangers as Credentials[]) {
      const seen = await ask({ headers });
      expect(seen.status).toBe(401);
      expect(seen.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    expect((await ask({ path: `/?api_key=${key}` })).status).toBe(401);
    expect(asked).toBe(before);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'HEAD'])('200 for %s too, with its body', async (method) => {
    const { headers } = await asApiKey(app, ['view_service']);
    const body = method === 'HEAD' ? undefined : 'x'.repeat(100_000);
    const type = { 'content-type': 'text/plain', ...(body ? { 'content-length': String(body.length) } : {}) };
    const seen = await ask({ method, body, headers: { ...headers, ...type } });
    expect(seen.status).toBe(200);
    if (body) expect([seen.service?.method, seen.service?.body.length]).toEqual([method, body.length]);
    expect((await ask({ method, body, headers: type })).status).toBe(401);
  });

  it('200 with none of the fields that a client makes up', async () => {
    const { headers } = await asApiKey(app, ['view_service']);
    const forged = {
      'X-Crm-Principal-Kind': 'user',
      'x-crm-principal-id': '1',
      'X-CRM-PRINCIPAL-NAME': 'admin@example.com',
      'X-Crm-Permissions': 'admin',
      'X-Crm-Customer-Ids': '1 2 3',
      X_Crm_Permissions: 'admin',
    };
    const plain = crm(await ask({ headers }));
    expect(plain['x-crm-permissions']).toBe('view_service');
    const seen = await ask({ headers: { ...headers, ...forged } });
    expect(crm(seen)).toEqual(plain);
    expect(JSON.stringify(seen.service)).not.toContain('admin');
    const byAddress = await ask({ headers: forged, from: TRUSTED });
    expect(crm(byAddress)).toEqual({
      'x-crm-principal-kind': 'address',
      'x-crm-principal-name': TRUSTED,
      'x-crm-permissions': 'view_service',
    });
  });

  it('200 for a trusted address behind the proxy, 401 for who only claims to be one', async () => {
    expect((await ask({ from: TRUSTED })).status).toBe(200);
    expect((await ask({ from: '127.0.0.9', headers: { 'x-forwarded-for': TRUSTED } })).status).toBe(401);
    expect((await ask({ from: TRUSTED, headers: { 'x-api-key': 'x'.repeat(40) } })).status).toBe(401);
  });

  it('403 for a page of another site that rides on a trusted address', async () => {
    expect((await ask({ from: TRUSTED, headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await ask({ from: TRUSTED, headers: { host: 'evil.example' } })).status).toBe(403);
  });

  it('403 from an address that is not on the key’s list, 200 from one that is', async () => {
    const { headers } = await asApiKey(app, ['view_service'], { allowed_addresses: ['127.0.0.8'] });
    expect((await ask({ headers, from: '127.0.0.8' })).status).toBe(200);
    expect((await ask({ headers, from: '127.0.0.9' })).status).toBe(403);
  });

  it('401 on the next request once the key is revoked', async () => {
    const { apiKeyId, headers } = await asApiKey(app, ['view_service']);
    expect((await ask({ headers })).status).toBe(200);
    await app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: await asAdmin(app) });
    expect((await ask({ headers })).status).toBe(401);
  });

  it('429 with Retry-After once the key’s limit is used up, and the service is not asked', async () => {
    const { headers } = await asApiKey(app, ['view_service'], { rate_limit: 2 });
    expect([(await ask({ headers })).status, (await ask({ headers })).status]).toEqual([200, 200]);
    const before = asked;
    const seen = await ask({ headers });
    expect([seen.status, seen.headers['retry-after']]).toEqual([429, '60']);
    expect(asked).toBe(before);
    app.clock.advance(60_000);
    expect((await ask({ headers })).status).toBe(200);
  });
});
