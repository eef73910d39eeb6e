import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';

declare global {
  /** Set by the Jest project, see jest.config.cjs; outside of one it is SQLite. */
  var testDatabaseKind: 'sqlite' | 'mariadb' | undefined;
}

export interface TestDatabase {
  /** What CRM_DATABASE_URL would say; null is SQLite in the data folder. */
  url: string | null;
  /** A fresh folder, for CRM_DATA_DIR. */
  dataDir: string;
  /** Removes both. Close the connections first. */
  drop(): Promise<void>;
}

/** An empty database of its own, of the kind on which the present Jest project runs. */
export async function testDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(process.env.CRM_TEST_FOLDER ?? tmpdir(), 'data-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  if (globalThis.testDatabaseKind !== 'mariadb') {
    return { url: null, dataDir, drop: removeFolder };
  }
  const name = `${process.env.CRM_TEST_DATABASE_PREFIX ?? 'crm_test_'}${randomBytes(6).toString('hex')}`;
  await onServer((connection) => connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`));
  return {
    url: serverUrl(name).href,
    dataDir,
    drop: async () => {
      await onServer((connection) => connection.query(`DROP DATABASE IF EXISTS ${name}`));
      await removeFolder();
    },
  };
}

/** Drops every database whose name begins so: those of a run that did not come to its end. */
export async function dropDatabases(prefix: string): Promise<void> {
  if (!/^crm_test_[0-9a-f]{8}_$/.test(prefix)) {
    return;
  }
  await onServer(async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT schema_name AS name FROM information_schema.schemata',
    );
    for (const { name } of rows as { name: string }[]) {
      if (name.startsWith(prefix)) {
        await connection.query(`DROP DATABASE ${name}`);
      }
    }
  });
}

async function onServer<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection(serverUrl('').href);
  try {
    return await work(connection);
  } finally {
    await connection.end();
  }
}

function serverUrl(database: string): URL {
  const server = process.env.CRM_TEST_SERVER_URL;
  if (!server) {
    throw new Error('No MariaDB: its tests are run by the Jest project e2e-mariadb, which starts one.');
  }
  const url = new URL(server);
  url.pathname = database;
  return url;
}
