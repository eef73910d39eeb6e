import { DataSource } from 'typeorm';
import { entities } from '../../../src/entities.js';
import { dataSourceOptions } from '../../../src/platform/database/data-source.js';
import { migrations } from '../../../src/platform/database/migrations/index.js';
import { DatabaseUnusable, openDatabase } from '../../../src/platform/database/open-database.js';
import { RevisionRow } from '../../../src/platform/database/revision.entity.js';
import { SequenceRow } from '../../../src/platform/database/sequence.entity.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';

describe('schema', () => {
  let place: TestDatabase;
  let source: DataSource;

  const location = () => ({ databaseUrl: place.url, dataDir: place.dataDir });
  const open = async () => (await openDatabase(location(), entities)).close();
  const drift = async () => {
    const log = await source.driver.createSchemaBuilder().log();
    return log.upQueries.map(({ query }) => query);
  };
  const applied = async () => (await source.query<{ name: string }[]>('SELECT name FROM migrations')).length;

  beforeEach(async () => {
    place = await testDatabase();
    await open();
    source = await new DataSource(dataSourceOptions(location(), entities)).initialize();
  });
  afterEach(async () => {
    await source.destroy();
    await place.drop();
  });

  it('that the migrations make is the one that the entities describe', async () => {
    expect(await drift()).toEqual([]);
    expect(await applied()).toBe(migrations.length);
  });

  it('stays as it is at the next start', async () => {
    await source.transaction((manager) => manager.increment(RevisionRow, { kind: 'users' }, 'value', 7));
    await open();
    expect(await source.manager.findOneBy(RevisionRow, { kind: 'users' })).toMatchObject({ value: 7 });
    expect(await applied()).toBe(migrations.length);
  });

  it('goes back step by step to nothing, and comes again', async () => {
    for (let left = migrations.length; left > 0; left -= 1) {
      await source.undoLastMigration();
      expect(await applied()).toBe(left - 1);
    }
    const runner = source.createQueryRunner();
    const tables = await runner.getTables([]);
    await runner.release();
    const left = tables
      .map(({ name }) => name.split('.').at(-1))
      .filter((name) => !/^(migrations|sqlite_)/.test(name ?? ''));
    expect(left).toEqual([]);
    await open();
    expect(await drift()).toEqual([]);
    expect(await source.manager.find(SequenceRow)).toEqual([{ name: 'access_logs', value: 0 }]);
  });

  it.each(migrations.map((migration, index) => [migration.name, index]))(
    'is whole after %s was interrupted at its end',
    async (_name, index) => {
      // MariaDB commits each table by itself: everything is there, but nobody wrote that the migration had run.
      for (let left = migrations.length; left > index + 1; left -= 1) await source.undoLastMigration();
      await source.query(`DELETE FROM migrations WHERE name = '${migrations[index]?.name}'`);
      await open();
      expect(await drift()).toEqual([]);
      expect(await applied()).toBe(migrations.length);
    },
  );

  it('is whole after a migration was interrupted half-way', async () => {
    const people = migrations.findIndex(({ name }) => name === 'People1763700000003');
    for (let left = migrations.length; left > people + 1; left -= 1) await source.undoLastMigration();
    await source.query('DROP TABLE user_customers');
    await source.query(`DELETE FROM migrations WHERE name = 'People1763700000003'`);
    await open();
    expect(await drift()).toEqual([]);
  });

  it('of a newer program is refused in one sentence that names what is unknown, and left alone', async () => {
    await source.query(`INSERT INTO migrations (timestamp, name) VALUES (1900000000000, 'Future1900000000000')`);
    const refused = openDatabase(location(), entities);
    await expect(refused).rejects.toBeInstanceOf(DatabaseUnusable);
    await expect(refused).rejects.toThrow(
      'the database has a newer schema than this program (Future1900000000000): start the newer version, or restore a backup',
    );
    expect(await applied()).toBe(migrations.length + 1);
  });
});

describe('a database that cannot be used', () => {
  it('is one sentence without a password', async () => {
    const { dataDir, drop } = await testDatabase();
    const location = { databaseUrl: 'mysql://somebody:a-password@127.0.0.1:1/nothing', dataDir };
    const refused = openDatabase(location, entities);
    await expect(refused).rejects.toThrow(
      /^cannot use the database \(mysql:\/\/127\.0\.0\.1:1\/nothing\): .*ECONNREFUSED/,
    );
    await expect(refused).rejects.not.toThrow('a-password');
    await drop();
  });
});
