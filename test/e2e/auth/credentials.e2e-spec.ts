import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials, type KeyHolder } from '../../support/principals.js';
import { raw } from '../../support/raw.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `
rate_limits: { api_key: 0, personal_token: 0, user: 0, address: 0, login: 0, failed_auth: 0 }
ip_whitelist: [{ address: ${TRUSTED}, roles: [view_customer] }]
`;

describe('exactly one credential is judged', () => {
  let app: TestApp;
  let key: KeyHolder;
  let token: string;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    key = await asApiKey(app, ['view_customer']);
    token = (await asAdmin(app)).authorization ?? '';
  });
  afterAll(() => app.close());

  const whoami = (headers: Record<string, string | string[]>, from = '127.0.0.1') =>
    app.ask('GET', '/crm/auth/whoami', { headers, from });

  it('200 for each kind alone, as the control', async () => {
    expect((await whoami(key.headers)).status).toBe(200);
    expect((await whoami({ authorization: token })).status).toBe(200);
    expect((await whoami({}, TRUSTED)).body.kind).toBe('address');
  });

  const pairs: [string, () => Record<string, string | string[]>][] = [
    ['a token and a key', () => ({ authorization: token, 'x-api-key': key.key })],
    ['the same key twice', () => ({ authorization: `Bearer ${key.key}`, 'x-api-key': key.key })],
    ['a token and an empty key', () => ({ authorization: token, 'x-api-key': '' })],
    ['a key and an empty Authorization', () => ({ authorization: '', 'x-api-key': key.key })],
    ['a key and Basic', () => ({ authorization: 'Basic YTpi', 'x-api-key': key.key })],
    ['two bad ones', () => ({ authorization: 'Bearer x', 'x-api-key': 'y' })],
    ['two X-API-KEY', () => ({ 'x-api-key': [key.key, key.key] })],
    ['two X-API-KEY, the second bad', () => ({ 'x-api-key': [key.key, 'bad'] })],
  ];

  it.each(pairs)('400 for %s, also from a trusted address', async (_what, headers) => {
    for (const from of ['127.0.0.1', TRUSTED]) {
      const problem = expectProblem(await whoami(headers(), from), 400, 'auth.credential_conflict');
      expect(problem.detail).toContain('2');
    }
  });

  it.each<[string, () => [string, string]]>([
    ['equal Authorization', () => [`Authorization: ${token}`, `authorization: ${token}`]],
    ['unequal Authorization', () => [`Authorization: ${token}`, 'AUTHORIZATION: Bearer nonsense']],
    ['equal X-API-KEY', () => [`X-API-KEY: ${key.key}`, `x-api-key: ${key.key}`]],
    ['unequal X-API-KEY', () => ['X-Api-Key: nonsense', `x-api-key: ${key.key}`]],
  ])('400 for two headers to the letter: %s', async (_what, lines) => {
    const head = ['GET /crm/auth/whoami HTTP/1.1', 'Host: localhost', 'Connection: close', ...lines()];
    const answer = await raw(app, `${head.join('\r\n')}\r\n\r\n`);
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('auth.credential_conflict');
  });

  const malformed: [string, string][] = [
    ['Bearer', 'Bearer'],
    ['Bearer and a blank', 'Bearer '],
    ['Bearer %', 'Bearer %'],
    ['nothing', ''],
    ['Basic', 'Basic YWRtaW5AZXhhbXBsZS5jb206cGFzc3dvcmQ='],
    ['a word', 'nonsense'],
    ['a comma', 'Bearer a,Bearer b'],
    ['7 kB', `Bearer ${'x'.repeat(7_000)}`],
    ['7 kB like a token', `Bearer eyJ${'x'.repeat(7_000)}.eyJ.x`],
    ['a prototype', 'Bearer __proto__'],
    ['a quote', `Bearer ' OR '1'='1`],
    ['bytes beyond ASCII', 'Bearer \u00e9\u00ff'],
  ];

  it.each(malformed)('401 for an Authorization of %s, also from a trusted address', async (_what, authorization) => {
    for (const from of ['127.0.0.1', TRUSTED]) {
      const answer = await whoami({ authorization }, from);
      expect(expectProblem(answer, 401).code).toMatch(/^auth\.(?:invalid_credentials|malformed_authorization)$/);
      expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    }
  });

  it('401 for a good key with two blanks, a tab or a second word around it', async () => {
    for (const authorization of [
      `Bearer  ${key.key}`,
      `Bearer\t${key.key}`,
      `Bearer ${key.key} x`,
      key.key,
      `Token ${key.key}`,
    ]) {
      expectProblem(await whoami({ authorization }), 401, 'auth.malformed_authorization');
    }
  });

  it('200 for the scheme in any letter case (RFC 9110 11.1)', async () => {
    for (const scheme of ['bearer', 'BEARER']) {
      expect((await whoami({ authorization: `${scheme} ${key.key}` })).status).toBe(200);
      expect((await whoami({ authorization: token.replace('Bearer', scheme) })).status).toBe(200);
    }
  });

  it.each(['', ' ', 'nonsense', 'sk_live_', 'null', 'undefined', '__proto__', 'x'.repeat(7_000)])(
    '401 for X-API-KEY %j, also from a trusted address',
    async (value) => {
      for (const from of ['127.0.0.1', TRUSTED]) {
        expectProblem(await whoami({ 'x-api-key': value }, from), 401, 'auth.invalid_credentials');
      }
    },
  );

  it('401 for a key with one character changed, and with one in the other case', async () => {
    const last = key.key.endsWith('a') ? 'b' : 'a';
    const cased = key.key.replace(/[a-z](?=[^a-z]*$)/, (letter) => letter.toUpperCase());
    for (const value of [`${key.key.slice(0, -1)}${last}`, cased, `${key.key}x`, key.key.slice(0, -1)]) {
      expectProblem(await whoami({ 'x-api-key': value }), 401, 'auth.invalid_credentials');
    }
  });

  it('401 for an expired or revoked key, also from a trusted address', async () => {
    const admin = { authorization: token };
    const expiring = await asApiKey(app, ['view_customer'], { expiry_date: app.clock.instant(60_000) });
    const revoked = await asApiKey(app, ['view_customer']);
    expect((await whoami(revoked.headers)).status).toBe(200);
    await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: admin });
    expectProblem(await whoami(revoked.headers, TRUSTED), 401, 'auth.invalid_credentials');
    expect((await whoami(expiring.headers, TRUSTED)).body.kind).toBe('api_key');
    app.clock.advance(60_000);
    expectProblem(await whoami(expiring.headers, TRUSTED), 401, 'api_keys.expired');
  });

  it.each(['api_key', 'apikey', 'x-api-key', 'X-API-KEY', 'access_token', 'token', 'authorization'])(
    '401 for a good key in the query as %s',
    async (name) => {
      const answer = await app.ask('GET', `/crm/auth/whoami?${name}=${key.key}`);
      expectProblem(answer, 401, 'auth.missing_credential');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    },
  );

  it.each<[string, Credentials]>([
    ['a cookie', { cookie: 'x-api-key=KEY; token=KEY; access_token=KEY; authorization=KEY' }],
    ['Proxy-Authorization', { 'proxy-authorization': 'Bearer KEY' }],
    ['X-Authorization', { 'x-authorization': 'Bearer KEY' }],
    ['Api-Key', { 'api-key': 'KEY' }],
    ['X_API_KEY', { x_api_key: 'KEY' }],
  ])('401 for a good key in %s', async (_where, headers) => {
    const filled = Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, value.replaceAll('KEY', key.key)]),
    );
    expectProblem(await whoami(filled), 401, 'auth.missing_credential');
  });

  it('401 with a plain challenge for a stranger who presents nothing', async () => {
    const answer = await whoami({});
    expectProblem(answer, 401, 'auth.missing_credential');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('200 on public routes, whatever is presented', async () => {
    for (const path of ['/health/live', '/crm/.well-known/jwks.json', '/crm/docs-json']) {
      const one: Credentials = { authorization: 'Bearer x' };
      for (const headers of [one, { ...one, 'x-api-key': 'y' }]) {
        expect((await app.ask('GET', path, { headers })).status).toBe(200);
      }
    }
  });
});
