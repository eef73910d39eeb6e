import { DataSource } from 'typeorm';
import { Database } from './database.js';
import { type DatabaseLocation, dataSourceOptions, type EntityList, readerOptions } from './data-source.js';
import { migrations } from './migrations/index.js';

/** Why the database cannot be used, in one sentence for the operator. */
export class DatabaseUnusable extends Error {}

/** Connects, refuses a schema newer than this program, migrates, and hands out the door. */
export async function openDatabase(location: DatabaseLocation, entities: EntityList): Promise<Database> {
  const writer = await connect(location, entities);
  try {
    await setCollation(writer);
    await refuseNewerSchema(writer);
    await writer.runMigrations();
    const options = readerOptions(location, entities);
    const reader = options ? await new DataSource(options).initialize() : writer;
    return new Database(writer, reader);
  } catch (error) {
    await writer.destroy();
    throw error instanceof DatabaseUnusable ? error : unusable(location, error);
  }
}

async function connect(location: DatabaseLocation, entities: EntityList): Promise<DataSource> {
  try {
    return await new DataSource(dataSourceOptions(location, entities)).initialize();
  } catch (error) {
    throw unusable(location, error);
  }
}

/** Exact comparison without padding, as SQLite does it: what is equal there is equal here. */
async function setCollation(writer: DataSource): Promise<void> {
  if (writer.options.type !== 'mariadb') return;
  const [server] = await writer.query<{ version: string }[]>('SELECT VERSION() AS version');
  const collation = server?.version.includes('MariaDB') ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin';
  const [current] = await writer.query<{ collation: string }[]>('SELECT @@collation_database AS collation');
  if (current?.collation !== collation) await writer.query(`ALTER DATABASE CHARACTER SET utf8mb4 COLLATE ${collation}`);
}

/** A migration that this program does not know was run by a newer one: its tables may mean something else by now. */
async function refuseNewerSchema(writer: DataSource): Promise<void> {
  const runner = writer.createQueryRunner();
  try {
    if (!(await runner.hasTable('migrations'))) return;
    const rows = (await runner.query('SELECT name FROM migrations')) as { name: string }[];
    const known = new Set(migrations.map((migration) => migration.name));
    const unknown = rows.map((row) => row.name).filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new DatabaseUnusable(
        `the database has a newer schema than this program (${unknown.join(', ')}): start the newer version, or restore a backup`,
      );
    }
  } finally {
    await runner.release();
  }
}

function unusable(location: DatabaseLocation, error: unknown): DatabaseUnusable {
  const reason = error instanceof Error ? error.message : String(error);
  const where = location.databaseUrl === null ? `SQLite in ${location.dataDir}` : withoutPassword(location.databaseUrl);
  return new DatabaseUnusable(`cannot use the database (${where}): ${reason}`, { cause: error });
}

function withoutPassword(url: string): string {
  const parsed = new URL(url);
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
}
