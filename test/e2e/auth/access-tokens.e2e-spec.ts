import { generateKeyPairSync } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { Secrets } from '../../../src/platform/secrets/secrets.service.js';
import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { assemble, forge, type Forgery } from '../../support/forged-token.js';
import { asAdmin, asApiKey, asUser, type UserHolder } from '../../support/principals.js';

const MINUTE = 60_000;

describe('an access token', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, []);
  });

  const present = (token: string) =>
    app.ask('GET', '/crm/auth/whoami', { headers: { authorization: `Bearer ${token}` } });
  const seconds = (): number => Math.floor(app.clock.millis() / 1_000);
  const publicPem = (): string =>
    app.get(Secrets).signingKeys.current.publicKey.export({ type: 'spki', format: 'pem' }).toString();

  it('200 when it is real, and when it is put together again from the same parts', async () => {
    expect((await present(user.token)).status).toBe(200);
    expect((await present(forge(app, user.token, {}))).status).toBe(200);
  });

  it('200 and names its type, key, issuer, audience and times', () => {
    const { header, payload } = jwt.decode(user.token, { complete: true }) as jwt.Jwt;
    const { kid } = app.get(Secrets).signingKeys.current;
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid });
    const iat = seconds();
    const times = { iat, nbf: iat, exp: iat + 900 };
    expect(payload).toEqual({
      sub: String(user.userId),
      sid: expect.any(Number),
      iss: 'omnicrm',
      aud: 'omnicrm',
      ...times,
    });
  });

  it('401 from its last second on, told as expired', async () => {
    app.clock.advance(15 * MINUTE - 1);
    expect((await present(user.token)).status).toBe(200);
    app.clock.advance(1);
    const answer = await present(user.token);
    const { detail } = expectProblem(answer, 401, 'auth.token_expired');
    expect(detail).toContain(app.clock.instant());
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  const other = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const forgeries: [string, () => Forgery][] = [
    ['nbf in the future', () => ({ claims: { nbf: seconds() + 1 } })],
    ['typ JWT', () => ({ header: { typ: 'JWT' } })],
    ['typ rt+jwt', () => ({ header: { typ: 'rt+jwt' } })],
    ['typ AT+JWT', () => ({ header: { typ: 'AT+JWT' } })],
    ['no typ', () => ({ header: { typ: undefined } })],
    ['another issuer', () => ({ claims: { iss: 'somebody' } })],
    ['no issuer', () => ({ claims: { iss: undefined } })],
    ['another audience', () => ({ claims: { aud: 'omnicrm-2' } })],
    ['an unknown kid', () => ({ header: { kid: 'unknown' } })],
    ['no kid', () => ({ header: { kid: undefined } })],
    ['a path as kid', () => ({ header: { kid: '../../../../dev/null' } })],
    ['the file of the keys as kid', () => ({ header: { kid: 'jwt-keys.json' } })],
    ['a member of every object as kid', () => ({ header: { kid: 'constructor' } })],
    ['SQL as kid', () => ({ header: { kid: "x' UNION SELECT 'secret" } })],
    ['the signature of another RSA key', () => ({ key: other })],
    ['another RSA key of its own in jwk', () => ({ key: other, header: { jwk: other.export({ format: 'jwk' }) } })],
    ['another RSA key by jku', () => ({ key: other, header: { jku: 'http://127.0.0.1:1/jwks.json' } })],
    ['RS512 by the same key', () => ({ header: { alg: 'RS512' } })],
    ['PS256 by the same key', () => ({ header: { alg: 'PS256' } })],
    ['another user', () => ({ claims: { sub: '1' } })],
    ['a user that is no number', () => ({ claims: { sub: 'admin' } })],
    ['a session that never was', () => ({ claims: { sid: 999_999 } })],
    ['a session that is an object', () => ({ claims: { sid: { sid: 1 } } })],
    ['no session', () => ({ claims: { sid: undefined } })],
    ['no user', () => ({ claims: { sub: undefined } })],
  ];

  it.each(forgeries)('401 with %s', async (_what, forgery) => {
    const answer = await present(forge(app, user.token, forgery()));
    expectProblem(answer, 401, 'auth.invalid_credentials');
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  it('401 without an end', async () => {
    expectProblem(await present(forge(app, user.token, { claims: { exp: undefined } })), 401);
  });

  it.each(['none', 'None', 'NONE', 'nOnE'])('401 with alg %s and no signature', async (alg) => {
    const { header, payload } = jwt.decode(user.token, { complete: true }) as jwt.Jwt;
    expectProblem(await present(assemble({ ...header, alg }, payload as object)), 401, 'auth.invalid_credentials');
  });

  it('401 with HS256 and the public key as the secret', async () => {
    const { header, payload } = jwt.decode(user.token, { complete: true }) as jwt.Jwt;
    const key = Buffer.from(publicPem());
    const { createHmac } = await import('node:crypto');
    const unsigned = assemble({ ...header, alg: 'HS256' }, payload as object).slice(0, -1);
    const signature = createHmac('sha256', key).update(unsigned).digest('base64url');
    expectProblem(await present(`${unsigned}.${signature}`), 401, 'auth.invalid_credentials');
  });

  it('401 with a changed payload under the old signature', async () => {
    const [header, payload, signature] = user.token.split('.');
    const claims = { ...JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()), sub: '1' };
    const changed = Buffer.from(JSON.stringify(claims)).toString('base64url');
    expectProblem(await present([header, changed, signature].join('.')), 401, 'auth.invalid_credentials');
  });

  it('401 with a part missing or more', async () => {
    const parts = user.token.split('.');
    for (const token of [
      parts.slice(0, 2).join('.'),
      `${user.token}.`,
      `${user.token}.x`,
      `${parts[0]}..`,
      '..',
      'eyJ.eyJ.x',
    ]) {
      expectProblem(await present(token), 401, 'auth.invalid_credentials');
    }
  });

  it('403 turns into 200 on the very next request once a role is given, and back', async () => {
    const admin = await asAdmin(app);
    const customers = () => app.ask('GET', '/crm/customers', { headers: user.headers });
    const setRoles = (roles: string[]) =>
      app.ask('PUT', `/crm/users/${user.userId}/roles`, { headers: admin, body: { roles } });
    expectProblem(await customers(), 403);
    expect((await setRoles(['Support'])).status).toBe(200);
    expect((await customers()).status).toBe(200);
    expect((await setRoles([])).status).toBe(200);
    expectProblem(await customers(), 403);
  });

  it('401 as X-API-KEY, also when it was good as a bearer a moment before', async () => {
    expect((await present(user.token)).status).toBe(200);
    const answer = await app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': user.token } });
    expectProblem(answer, 401, 'auth.invalid_credentials');
  });

  it('200 for a key as a bearer, with the same rights as in its own header', async () => {
    const { key, headers } = await asApiKey(app, ['view_customer']);
    const asHeader = await app.ask('GET', '/crm/auth/whoami', { headers });
    const asBearer = await present(key);
    expect(asBearer.status).toBe(200);
    expect(asBearer.body).toEqual(asHeader.body);
  });
});
