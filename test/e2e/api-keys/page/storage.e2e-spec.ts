import crypto from 'node:crypto';
import { ApiKey } from '../../../../src/api-keys/api-key.entity.js';
import { entities } from '../../../../src/entities.js';
import { Database } from '../../../../src/platform/database/database.js';
import { NO_LIMITS } from '../../../support/app.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { asUser } from '../../../support/principals.js';

let page: ApiKeyPage;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
afterAll(() => page.close());
afterEach(() => jest.restoreAllMocks());

describe('API Key Generation', () => {
  it('“Length: Keys should be at least 32 characters (system enforces this)”: 201 with 57; a shorter one in the file is not taken over', async () => {
    expect((await page.create()).key).toHaveLength('sk_live_'.length + 43 + 6);
    const configured = async (key: string) => {
      await page.app.reconfigure(`${NO_LIMITS}api_keys: { ${key}: { roles: [view_customer], description: x } }\n`);
      return page.statusWith(key);
    };
    const letters = 'abcdefghijklmnopqrstuvwxyz-0123456789';
    expect([await configured(letters.slice(0, 32)), await configured(letters.slice(1, 32))]).toEqual([200, 401]);
    await page.app.reconfigure(NO_LIMITS);
  });

  it('“Randomness: Generated using cryptographically secure random number generators”: 201 with a key whose every secret character that generator gave', async () => {
    const secretOf = async () => (await page.create()).key.slice('sk_live_'.length, -6);
    expect(new Set(await Promise.all(Array.from({ length: 20 }, secretOf))).size).toBe(20);
    // Stopped, it gives one character 43 times over: nothing else has a say in the secret.
    jest.spyOn(crypto, 'randomBytes').mockImplementation((size: number) => Buffer.alloc(size, 7));
    expect(await secretOf()).toBe('7'.repeat(43));
  });

  it('“Format: Typically prefixed (e.g., sk_live_) for identification”: 201 with that prefix, or with the operator’s own', async () => {
    expect((await page.create()).key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
    await page.app.reconfigure(`${NO_LIMITS}api_key_policy: { prefix: nordlicht_ }\n`);
    expect((await page.create()).key).toMatch(/^nordlicht_[0-9A-Za-z]{49}$/);
    await page.app.reconfigure(NO_LIMITS);
  });
});

describe('API Key Storage', () => {
  const rowOf = (apiKeyId: number) => page.app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });

  it('“Keys are hashed before storage (like passwords)”: no table holds more of it than the last four characters', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: fresh } = await page.regenerate(apiKeyId, { grace_period_seconds: 60 });
    for (const value of [key, String(fresh)]) await page.use(value);
    await page.app.flushAccessLog();
    await page.noteLastUse();
    const tables = await Promise.all(
      (entities as (new () => object)[]).map((entity) => page.app.get(Database).repository(entity).find()),
    );
    const everything = JSON.stringify(tables);
    for (const value of [key, String(fresh)]) {
      expect(everything).toContain(value.slice(-4));
      expect(everything).not.toContain(value.slice(8, 16));
      expect(everything).not.toContain(value.slice(-12, -4));
    }
  });

  it('“Full key only shown once during creation”: 201 with it, 200 without it ever after', async () => {
    const { apiKeyId, key, shown } = await page.create();
    expect(shown.api_key).toBe(key);
    for (const look of [
      await page.details(apiKeyId),
      await page.line(apiKeyId),
      (await page.edit(apiKeyId, {})).body,
    ]) {
      expect(JSON.stringify(look)).not.toContain(key.slice(8, -4));
    }
  });

  it('“Database stores hash for verification”: 200 and 401 by the digest alone, which is keyed: no plain hash of the key is anywhere', async () => {
    const { apiKeyId, key } = await page.create();
    const { digest } = await rowOf(apiKeyId);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(digest).not.toBe(crypto.createHash('sha256').update(key).digest('hex'));
    const other = await page.create();
    const swap = (id: number, value: string | null) =>
      page.app.get(Database).transaction(async () => {
        await page.app.get(Database).repository(ApiKey).update({ apiKeyId: id }, { digest: value });
      });
    await swap(other.apiKeyId, null);
    await swap(apiKeyId, (await rowOf(apiKeyId)).digest);
    expect([await page.statusWith(key), await page.statusWith(other.key)]).toEqual([200, 401]);
  });

  it('“Even administrators cannot retrieve the full key later”: 200 for every GET there is, none of them with the key', async () => {
    const { apiKeyId, key } = await page.create();
    const { headers } = await asUser(page.app, ['Admin']);
    const { body: document } = await page.app.ask('GET', '/crm/docs-json');
    const paths = Object.entries(document.paths as Record<string, object>)
      .filter(([, operations]) => 'get' in operations)
      .map(([path]) => path.replace('{api_key_id}', String(apiKeyId)).replace(/\{\w+\}/g, '1'));
    expect(paths).toContain(`/crm/api-keys/${apiKeyId}`);
    const answers = await Promise.all(paths.map((path) => page.ask('GET', path, undefined, headers)));
    for (const [index, { text }] of answers.entries()) {
      expect([paths[index], text.includes(key.slice(8, -4))]).toEqual([paths[index], false]);
    }
  });
});
