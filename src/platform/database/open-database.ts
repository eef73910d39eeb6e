import { existsSync } from 'node:fs';
import { DataSource } from 'typeorm';
import { Database } from './database.js';
import { type DatabaseLocation, dataSourceOptions, type EntityList, readerOptions, sqliteFile } from './data-source.js';
import { migrate } from './migrate.js';
import { migrations } from './migrations/index.js';
import { oldestServers, serverVersion } from './server-version.js';

/** Why the database cannot be used, in one sentence for the operator. */
export class DatabaseUnusable extends Error {}

export interface MigrationStatus {
  /** Without a password. */
  readonly place: string;
  /** False while no migration was ever run there. */
  readonly isThere: boolean;
  readonly applied: readonly string[];
  readonly pending: readonly string[];
  /** Those of a newer program. */
  readonly unknown: readonly string[];
}

const READ_ONLY = 'SET SESSION TRANSACTION READ ONLY';

interface ConnectionPool {
  on(event: 'connection', listener: (connection: PoolConnection) => void): unknown;
}

interface PoolConnection {
  query(sql: string, done: (error: Error | null) => void): unknown;
  destroy(): void;
}

/** Connects, refuses a schema newer than this program, migrates, and hands out the door. */
export async function openDatabase(location: DatabaseLocation, entities: EntityList): Promise<Database> {
  const writer = await connect(location, entities);
  try {
    await migrate(writer, () => prepare(writer));
    return new Database(writer, await openReader(location, entities));
  } catch (error) {
    await writer.destroy();
    throw error instanceof DatabaseUnusable ? error : unusable(location, error);
  }
}

/** Connections on which a write that forgot its transaction fails at once, instead of being lost some day. */
async function openReader(location: DatabaseLocation, entities: EntityList): Promise<DataSource> {
  const reader = await new DataSource(readerOptions(location, entities)).initialize();
  const { pool } = reader.driver as unknown as { pool?: ConnectionPool };
  if (pool) {
    pool.on('connection', (connection) => {
      connection.query(READ_ONLY, (error) => {
        if (error) connection.destroy();
      });
    });
    // The one that it has already.
    await reader.query(READ_ONLY).catch(async (error: unknown) => {
      await reader.destroy();
      throw error;
    });
  }
  return reader;
}

/** How far the database is, without changing it: a missing SQLite file is not made. */
export async function migrationStatus(location: DatabaseLocation, entities: EntityList): Promise<MigrationStatus> {
  const place = placeOf(location);
  if (location.databaseUrl === null && !existsSync(sqliteFile(location))) {
    return { place, isThere: false, applied: [], pending: migrations.map((migration) => migration.name), unknown: [] };
  }
  const source = await connect(location, entities);
  try {
    const status = await compare(source);
    return { place, isThere: status.applied.length + status.unknown.length > 0, ...status };
  } finally {
    await source.destroy();
  }
}

async function prepare(writer: DataSource): Promise<void> {
  if (writer.options.type === 'mariadb') await prepareServer(writer);
  await refuseNewerSchema(writer);
}

async function connect(location: DatabaseLocation, entities: EntityList): Promise<DataSource> {
  try {
    return await new DataSource(dataSourceOptions(location, entities)).initialize();
  } catch (error) {
    throw unusable(location, error);
  }
}

async function prepareServer(writer: DataSource): Promise<void> {
  const [server] = await writer.query<{ text: string }[]>('SELECT VERSION() AS text');
  const { product, version, isTooOld } = serverVersion(server?.text ?? '');
  if (isTooOld) {
    throw new DatabaseUnusable(
      `the database is ${product} ${version}, and ${oldestServers()} is needed: update the server`,
    );
  }
  await setCollation(writer, product === 'MariaDB' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin');
}

/** Exact comparison without padding, as SQLite does it: what is equal there is equal here. */
async function setCollation(writer: DataSource, collation: string): Promise<void> {
  const [current] = await writer.query<{ collation: string }[]>('SELECT @@collation_database AS collation');
  if (current?.collation !== collation) await writer.query(`ALTER DATABASE CHARACTER SET utf8mb4 COLLATE ${collation}`);
}

/** A migration that this program does not know was run by a newer one: its tables may mean something else by now. */
async function refuseNewerSchema(writer: DataSource): Promise<void> {
  const { unknown } = await compare(writer);
  if (unknown.length === 0) return;
  throw new DatabaseUnusable(
    `the database has a newer schema than this program (${unknown.join(', ')}): start the newer version, or restore a backup`,
  );
}

/** What was run on this database, against what this program knows, in the order of running. */
async function compare(source: DataSource): Promise<Omit<MigrationStatus, 'isThere' | 'place'>> {
  const runner = source.createQueryRunner();
  try {
    const isNew = !(await runner.hasTable('migrations'));
    const rows = isNew ? [] : ((await runner.query('SELECT name FROM migrations ORDER BY id')) as { name: string }[]);
    const run = rows.map((row) => row.name);
    const known = migrations.map((migration) => migration.name);
    return {
      applied: run.filter((name) => known.includes(name)),
      pending: known.filter((name) => !run.includes(name)),
      unknown: run.filter((name) => !known.includes(name)),
    };
  } finally {
    await runner.release();
  }
}

function unusable(location: DatabaseLocation, error: unknown): DatabaseUnusable {
  return new DatabaseUnusable(`cannot use the database (${placeOf(location)}): ${messageOf(error)}`, { cause: error });
}

/** A refused connection to a name with several addresses is an AggregateError, which has no message of its own. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function placeOf(location: DatabaseLocation): string {
  if (location.databaseUrl === null) return `SQLite in ${location.dataDir}`;
  const { protocol, host, pathname } = new URL(location.databaseUrl);
  return `${protocol}//${host}${pathname}`;
}
