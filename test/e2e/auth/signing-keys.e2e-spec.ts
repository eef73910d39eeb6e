import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import jwt from 'jsonwebtoken';
import { Secrets } from '../../../src/platform/secrets/secrets.service.js';
import { SigningKeys } from '../../../src/platform/secrets/signing-keys.js';
import { ADMIN, TestApp } from '../../support/app.js';
import { asAdmin, login } from '../../support/principals.js';

describe('the keys that sign access tokens', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  const file = (): string => join(app.database.dataDir, 'jwt-keys.json');
  const jwks = () => app.ask<{ keys: (JsonWebKey & { kid: string })[] }>('GET', '/crm/.well-known/jwks.json');
  const whoami = (headers: Readonly<Record<string, string>>) => app.ask('GET', '/crm/auth/whoami', { headers });
  const rotate = (): string => {
    const kid = SigningKeys.rotate(file(), app.clock.millis());
    app.get(Secrets).signingKeys.refresh();
    return kid;
  };

  it('0600 is the mode of their file', () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('200 at the JWKS with public halves only, cacheable and without a credential', async () => {
    const answer = await jwks();
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('public, max-age=300');
    for (const key of answer.body.keys) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' });
    }
  });

  it('200 at the JWKS is enough to verify a token elsewhere', async () => {
    const { token } = await login(app, ADMIN.email, ADMIN.password);
    const { keys } = (await jwks()).body;
    const { kid } = (jwt.decode(token, { complete: true }) as jwt.Jwt).header;
    const key = createPublicKey({ key: keys.find((one) => one.kid === kid) as JsonWebKey, format: 'jwk' });
    const clockTimestamp = app.clock.millis() / 1_000;
    expect(jwt.verify(token, key, { algorithms: ['RS256'], clockTimestamp, issuer: 'omnicrm' })).toMatchObject({
      sub: '1',
    });
  });

  it('200 for tokens of before and after a rotation, and both keys are published', async () => {
    const before = await login(app, ADMIN.email, ADMIN.password);
    const kid = rotate();
    const after = await login(app, ADMIN.email, ADMIN.password);
    expect((jwt.decode(after.token, { complete: true }) as jwt.Jwt).header.kid).toBe(kid);
    expect((await whoami(before.headers)).status).toBe(200);
    expect((await whoami(after.headers)).status).toBe(200);
    expect((await jwks()).body.keys.map((key) => key.kid)[0]).toBe(kid);
    expect((await jwks()).body.keys.length).toBe(2);
    const body = { refresh_token: before.refreshToken };
    expect((await app.ask('POST', '/crm/auth/refresh', { body })).status).toBe(200);
  });

  it('200 still, when the file is broken: the last good keys stay', async () => {
    const headers = await asAdmin(app);
    const good = readFileSync(file(), 'utf8');
    for (const broken of ['', '{', '[]', '[{"kid":"x","private_key":"nonsense"}]']) {
      writeFileSync(file(), broken);
      expect(() => app.get(Secrets).signingKeys.refresh()).toThrow();
      expect((await whoami(headers)).status).toBe(200);
      await asAdmin(app);
    }
    writeFileSync(file(), good);
  });

  it('200 for tokens of before a restart on the same data', async () => {
    const headers = await asAdmin(app);
    const again = await TestApp.start({ database: app.database, clock: app.clock });
    expect((await again.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(200);
    await again.close();
  });
});
