import { Clock } from '../common/clock.js';
import { generateKey } from '../platform/secrets/key-format.js';
import type { Secrets } from '../platform/secrets/secrets.service.js';
import type { Settings } from '../platform/settings/settings.service.js';
import type { GrantsService } from '../rbac/grants.service.js';
import type { RoleDirectory } from '../rbac/role-directory.js';
import type { UsersService } from '../users/users.service.js';
import { ApiKeyAuthenticationService } from './api-key-authentication.service.js';
import type { ApiKey } from './api-key.entity.js';
import type { ApiKeyRecord, ApiKeysRepository } from './api-keys.repository.js';
import type { ConfigKeysService } from './config-keys.service.js';
import { KeyPrincipals } from './api-key.principals.js';
import type { KeyPeppersService } from './pepper/key-peppers.service.js';
import { PresentedKeysService } from './presented-keys.service.js';
import type { RotationService } from './rotation/rotation.service.js';

const NOW = '2030-03-01T12:00:00.000Z';

class FixedClock extends Clock {
  override millis(): number {
    return Date.parse(NOW);
  }
}

/** Whatever is not set here fails the test that touches it. */
function strict<T extends object>(known: Partial<T>): T {
  return new Proxy(known as T, {
    get: (target, name) => {
      if (name in target) return target[name as keyof T];
      throw new Error(`nobody expected ${String(name)}`);
    },
  });
}

describe('ApiKeyAuthenticationService', () => {
  let stored: Partial<ApiKey> | null;
  let asked: (readonly string[])[];
  let inFile: Set<string>;
  let noted: number[];
  let isEnabled: boolean;

  beforeEach(() => {
    noted = [];
    isEnabled = true;
    stored = null;
    asked = [];
    inFile = new Set();
  });

  const rowOf = (key: Partial<ApiKey>): ApiKeyRecord => ({
    key: strict<ApiKey>({ apiKeyId: 7, kind: 'organization', name: 'A key', permissions: ['view_customer'], ...key }),
    roleIds: [3],
    customerIds: [11],
  });
  const clock = new FixedClock();
  const keys = strict<ApiKeysRepository>({
    findByDigests: (digests) => {
      asked.push(digests);
      return Promise.resolve(stored && rowOf(stored));
    },
  });
  const directory = strict<RoleDirectory>({
    effective: (ids, direct = []) => Promise.resolve({ names: [`role ${ids.join()}`], permissions: new Set(direct) }),
  });
  const secrets = strict<Secrets>({
    digests: (value) => [2, 1].map((pepperVersion) => ({ digest: `${pepperVersion}/${value}`, pepperVersion })),
  });
  const rotations = strict<RotationService>({
    noteNewValue: (apiKeyId) => Promise.resolve(void noted.push(apiKeyId)),
    findByOldValue: () => Promise.resolve(null),
  });
  const configKeys = strict<ConfigKeysService>({
    get isEmpty() {
      return inFile.size === 0;
    },
    has: (digests) => digests.some((digest) => inFile.has(digest)),
  });
  const settings = strict<Settings>({ get: () => Promise.resolve(isEnabled as never) });
  const service = new ApiKeyAuthenticationService(
    new PresentedKeysService(keys, configKeys, rotations, secrets),
    rotations,
    strict<KeyPeppersService>({ move: () => Promise.resolve() }),
    new KeyPrincipals(keys, directory, strict<UsersService>({}), strict<GrantsService>({}), settings, clock),
    clock,
  );
  const alive = {
    source: 'database',
    expiryDate: null,
    rateLimit: 5,
    allowedAddresses: null,
    isBoundToCreator: false,
  } as const;

  it('asks for the digest under each pepper version, and makes the principal of what it finds', async () => {
    const key = generateKey('sk_live_');
    stored = alive;
    await expect(service.verify(key)).resolves.toEqual({
      kind: 'api_key',
      id: 7,
      name: 'A key',
      roles: ['role 3'],
      permissions: new Set(['view_customer']),
      customerIds: [11],
      expiresAt: null,
      credential: 'api_key',
      sessionId: null,
      isOutdated: false,
      allowedAddresses: null,
      rateLimit: 5,
    });
    expect(asked).toEqual([[`2/${key}`, `1/${key}`]]);
    expect(noted).toEqual([7]);
  });

  it.each([[[]], [['1/a key of the file']]])(
    'asks nobody about what cannot be a key, with %j in the file',
    async (listed) => {
      inFile = new Set(listed);
      const key = generateKey('sk_live_');
      const mistyped = key.slice(0, -1) + (key.endsWith('a') ? 'b' : 'a');
      for (const value of ['', 'x', mistyped, `${key} `, key.toUpperCase(), 'x'.repeat(10_000)]) {
        await expect(service.verify(value)).resolves.toBeNull();
      }
      expect(asked).toEqual([]);
    },
  );

  it('knows a key of the file, whatever its shape, as long as the file names it', async () => {
    stored = { ...alive, source: 'config' };
    inFile = new Set(['1/a key that somebody chose, long enough']);
    await expect(service.verify('a key that somebody chose, long enough')).resolves.toMatchObject({ id: 7 });
    const gone = generateKey('sk_live_');
    await expect(service.verify(gone)).resolves.toBeNull();
  });

  it('refuses an expired key from the very millisecond on, and says so', async () => {
    stored = { ...alive, expiryDate: '2030-03-01T12:00:00.001Z' };
    await expect(service.verify(generateKey('sk_live_'))).resolves.toMatchObject({ expiresAt: stored.expiryDate });
    for (const expiryDate of [NOW, '2030-03-01T11:59:59.999Z']) {
      stored = { ...alive, expiryDate };
      const refused = service.verify(generateKey('sk_live_'));
      await expect(refused).rejects.toMatchObject({ status: 401, code: 'api_keys.expired' });
      await expect(refused).rejects.toThrow(expiryDate);
    }
  });

  it('makes another kind of principal of a personal token', async () => {
    stored = { ...alive, kind: 'personal' };
    await expect(service.verify(generateKey('pat_'))).resolves.toMatchObject({ kind: 'personal_token' });
  });

  it('refuses personal tokens while they are switched off, and no key', async () => {
    isEnabled = false;
    stored = { ...alive, kind: 'personal' };
    const refused = service.verify(generateKey('pat_'));
    await expect(refused).rejects.toMatchObject({ status: 401, code: 'personal_tokens.disabled' });
    stored = alive;
    await expect(service.verify(generateKey('sk_live_'))).resolves.toMatchObject({ kind: 'api_key' });
  });
});
