import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { ApiKeysRepository } from '../../../src/api-keys/api-keys.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { PepperRotationService } from '../../../src/platform/pepper/pepper-rotation.service.js';
import { Pepper } from '../../../src/platform/secrets/pepper.js';
import { type AppOptions, NO_LIMITS, TestApp } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin, asApiKey, type KeyHolder } from '../../support/principals.js';

const OLD = 'a pepper of the first version; long enough';
const NEW = 'a pepper of the second version; long enough';
const CONFIG_KEY = 'a-key-of-the-file-0123456789-abcdefghij';
const CONFIG = `${NO_LIMITS}api_keys:\n  ${CONFIG_KEY}: { roles: [view_customer] }\n`;

describe('rotating the pepper', () => {
  let place: TestDatabase;
  let app: TestApp | null;

  beforeEach(async () => {
    app = null;
    place = await testDatabase();
  });
  afterEach(async () => {
    await app?.close();
    await place.drop();
  });

  const start = async (options: Omit<AppOptions, 'database'> = {}): Promise<TestApp> => {
    await app?.close();
    app = null;
    return (app = await TestApp.start({ ...options, database: place }));
  };
  const startWith = (pepper: string, config = NO_LIMITS) =>
    start({ config, environment: { CRM_SECRET_PEPPER: pepper } });
  const refusal = (pepper: string) =>
    startWith(pepper).then(
      () => 'it started',
      (error: Error) => error.message,
    );
  const use = async (server: TestApp, key: string) =>
    (await server.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })).status;
  const rowOf = (server: TestApp, { apiKeyId }: KeyHolder) =>
    server.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });
  const versionOf = async (server: TestApp, holder: KeyHolder) => (await rowOf(server, holder)).pepperVersion;

  it('200 all the way; a key moves at its next use and leaves no other trace, then the old version can go', async () => {
    let server = await startWith(OLD);
    const holder = await asApiKey(server, ['view_customer']);
    const before = await rowOf(server, holder);
    server = await startWith(`1:${OLD},2:${NEW}`);
    expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 1]);
    server = await startWith(`2:${NEW},1:${OLD}`);
    const records = await server.get(Database).repository(AuditLog).count();
    expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 2]);
    const { digest, ...after } = await rowOf(server, holder);
    expect(digest).not.toBe(before.digest);
    expect(after).toMatchObject({ version: before.version, updated: before.updated, mask: before.mask });
    expect(await server.get(Database).repository(AuditLog).count()).toBe(records);
    server = await startWith(`2:${NEW}`);
    expect(await use(server, holder.key)).toBe(200);
  });

  it('200 for a node that knows the version and does not use it yet, for keys that another node has moved', async () => {
    let server = await startWith(OLD);
    const holder = await asApiKey(server, ['view_customer']);
    server = await startWith(`2:${NEW},1:${OLD}`);
    const fresh = await asApiKey(server, ['view_customer']);
    await use(server, holder.key);
    server = await startWith(`1:${OLD},2:${NEW}`);
    expect([await use(server, holder.key), await use(server, fresh.key)]).toEqual([200, 200]);
  });

  it('200 for a key that could not be moved, which is tried again at its next use', async () => {
    let server = await startWith(OLD);
    const holder = await asApiKey(server, ['view_customer']);
    server = await startWith(`2:${NEW},1:${OLD}`);
    const move = jest.spyOn(server.get(ApiKeysRepository), 'moveDigest').mockRejectedValueOnce(new Error('read only'));
    expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 1]);
    expect(move).toHaveBeenCalledTimes(1);
    await asApiKey(server, ['view_customer'], { name: 'Any change empties what is kept in memory' });
    server = await startWith(`2:${NEW},1:${OLD}`);
    expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 2]);
  });

  it('200 for a key that lost the race: its digest stays as the faster one left it', async () => {
    let server = await startWith(OLD);
    const holder = await asApiKey(server, ['view_customer']);
    server = await startWith(`2:${NEW},1:${OLD}`);
    const keys = server.get(ApiKeysRepository);
    const move = keys.moveDigest.bind(keys);
    jest.spyOn(keys, 'moveDigest').mockImplementationOnce(async (from, to) => {
      await server
        .get(Database)
        .repository(ApiKey)
        .update({ digest: from }, { digest: 'f'.repeat(64) });
      await move(from, to);
    });
    expect(await use(server, holder.key)).toBe(200);
    expect(await rowOf(server, holder)).toMatchObject({ digest: 'f'.repeat(64), pepperVersion: 1 });
  });

  it('200 for a key of the file, which keeps its row and its number without its first pepper', async () => {
    let server = await startWith(OLD, CONFIG);
    expect(await use(server, CONFIG_KEY)).toBe(200);
    const rows = (from: TestApp) => from.get(Database).repository(ApiKey).findBy({ source: 'config' });
    const [before] = await rows(server);
    await startWith(`2:${NEW},1:${OLD}`, CONFIG);
    server = await startWith(`2:${NEW}`, CONFIG);
    expect(await use(server, CONFIG_KEY)).toBe(200);
    expect(await rows(server)).toMatchObject([{ apiKeyId: before?.apiKeyId, revokedAt: null, pepperVersion: 2 }]);
  });

  it('does not start without a version that only an old value needs, which still works beside the new one', async () => {
    let server = await startWith(OLD);
    const holder = await asApiKey(server, ['view_customer']);
    const path = `/crm/api-keys/${holder.apiKeyId}/regenerate`;
    const body = { grace_period_seconds: 60 };
    const { api_key: fresh } = (await server.ask('POST', path, { headers: await asAdmin(server), body })).body;
    server = await startWith(`2:${NEW},1:${OLD}`);
    expect([await use(server, holder.key), await use(server, fresh)]).toEqual([200, 200]);
    expect(await versionOf(server, holder)).toBe(2);
    expect(await refusal(`2:${NEW}`)).toMatch(/^there are API keys made under pepper version 1, /);
  });

  it('201 replayed for a retry on the other side of a rotation, 422 for another request', async () => {
    let server = await startWith(OLD);
    const post = async (customer_name: string) =>
      server.ask('POST', '/crm/customers', {
        headers: { ...(await asAdmin(server)), 'idempotency-key': 'once' },
        body: { customer_name },
      });
    const first = await post('Ltd');
    server = await startWith(`2:${NEW},1:${OLD}`);
    const second = await post('Ltd');
    expect([second.status, second.headers['idempotency-replayed']]).toEqual([201, 'true']);
    expect(second.body).toEqual(first.body);
    expect((await post('Inc')).status).toBe(422);
  });

  it('does not start with another secret under the same number, whether or not there are keys', async () => {
    await startWith(`1:${OLD}`);
    expect(await refusal(`1:${NEW}`)).toMatch(
      /^CRM_SECRET_PEPPER: its pepper of version 1 is not the one under which the keys in this database were made: /,
    );
    expect(await refusal(`2:${OLD},1:${NEW}`)).toMatch(/its pepper of version 1 is not/);
    expect(await refusal(`1:${OLD}`)).toBe('it started');
  });

  describe('in its file', () => {
    const file = () => join(place.dataDir, 'pepper');
    const refresh = (server: TestApp) => server.get(PepperRotationService).refresh();

    it('does not start once the file is gone, and makes no other; with the file put back it does', async () => {
      const server = await start();
      const holder = await asApiKey(server, ['view_customer']);
      const kept = readFileSync(file());
      rmSync(file());
      await expect(start()).rejects.toThrow(
        /pepper is missing, and there are keys, .* made under the pepper that it held \(version 1\): put it back/,
      );
      expect(existsSync(file())).toBe(false);
      writeFileSync(file(), kept);
      expect(await use(await start(), holder.key)).toBe(200);
    });

    it('200 while a running server takes each step over: what it remembers is verified anew, and moves', async () => {
      const server = await start();
      const holder = await asApiKey(server, ['view_customer']);
      expect(await use(server, holder.key)).toBe(200);
      Pepper.add(file(), 2);
      await refresh(server);
      expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 1]);
      Pepper.use(file(), 2);
      await refresh(server);
      expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 2]);
      const [current = ''] = readFileSync(file(), 'utf8').split('\n');
      writeFileSync(file(), `${current}\n`);
      await refresh(server);
      expect(await use(server, holder.key)).toBe(200);
    });

    it('200 for a key of the configuration file at each step, and without the first version at the end', async () => {
      const server = await start({ config: CONFIG });
      const second = `2:${NEW}\n`;
      const first = readFileSync(file(), 'utf8');
      for (const text of [first, first + second, second + first, second]) {
        writeFileSync(file(), text);
        await refresh(server);
        expect(await use(server, CONFIG_KEY)).toBe(200);
      }
    });

    it('200 while the file is broken, gone, or not this database’s: the last good one stays, which is said once', async () => {
      const said: string[] = [];
      const hear = (message: unknown): void => void said.push(String(message));
      const logger = { log: hear, warn: hear, error: hear };
      const server = await start({ logger });
      const holder = await asApiKey(server, ['view_customer']);
      const kept = readFileSync(file());
      const complaints = () => said.filter((message) => message.startsWith('keeping the pepper in use'));
      for (const spoil of [
        () => writeFileSync(file(), '1:short\n'),
        () => writeFileSync(file(), ''),
        () => writeFileSync(file(), `2:${NEW}\n1:${OLD}\n`),
        () => rmSync(file()),
      ]) {
        spoil();
        said.length = 0;
        await refresh(server);
        await refresh(server);
        expect(complaints()).toHaveLength(1);
        expect(said.join()).not.toContain(NEW);
        expect(await use(server, holder.key)).toBe(200);
      }
      writeFileSync(file(), '1:short\n');
      said.length = 0;
      await refresh(server);
      expect(complaints()).toEqual([expect.stringContaining('is shorter than 32 characters')]);
      writeFileSync(file(), kept);
      await refresh(server);
      expect([await use(server, holder.key), await versionOf(server, holder)]).toEqual([200, 1]);
    });
  });
});
