import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { entities } from '../../../src/entities.js';
import { migrations } from '../../../src/platform/database/migrations/index.js';
import { Database } from '../../../src/platform/database/database.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { BUILT_IN_ROLES } from '../../../src/rbac/built-in-roles.js';
import { TestApp } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin } from '../../support/principals.js';

describe('several nodes at the same first start', () => {
  let place: TestDatabase;
  let nodes: TestApp[];

  beforeEach(async () => {
    place = await testDatabase();
    nodes = [];
  });
  afterEach(async () => {
    await Promise.all(nodes.map((node) => node.close()));
    await place.drop();
  });

  it('migrate an empty database once, and all of them open it', async () => {
    const location = { databaseUrl: place.url, dataDir: place.dataDir };
    const opened = await Promise.all([1, 2, 3].map(() => openDatabase(location, entities)));
    for (const database of opened) {
      const rows: { name: string }[] = await database.manager.query('SELECT name FROM migrations ORDER BY id');
      expect(rows.map(({ name }) => name)).toEqual(migrations.map((migration) => migration.name));
    }
    await Promise.all(opened.map((database) => database.close()));
  });

  it('come up with one administrator, one of each role and one row for each key of the file', async () => {
    const key = generateKey('crm_test_');
    const config = `api_keys:\n  ${key}: { roles: [admin], description: everywhere }\n`;
    const start = () => TestApp.start({ database: place, config });
    // SQLite is for one node; there the second start follows the first.
    if (place.url === null) await (await start()).close();
    const started = await Promise.allSettled(Array.from({ length: place.url === null ? 1 : 3 }, start));
    nodes.push(...started.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
    expect(started.filter(({ status }) => status === 'rejected')).toEqual([]);
    const manager = nodes[0]?.get(Database).manager;
    const count = async (rows: string) => {
      const [found] = (await manager?.query(`SELECT COUNT(*) AS number FROM ${rows}`)) as { number: unknown }[];
      return Number(found?.number);
    };
    expect(await count('users')).toBe(1);
    expect(await count('roles')).toBe(BUILT_IN_ROLES.length);
    expect(await count('api_keys')).toBe(1);
    expect(await count(`audit_logs WHERE event IN ('user.created', 'api_key.created')`)).toBe(2);
    for (const node of nodes) {
      for (const headers of [{ 'x-api-key': key }, await asAdmin(node)]) {
        expect((await node.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(200);
      }
    }
  });
});
