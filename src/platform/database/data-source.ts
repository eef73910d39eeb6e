import { join } from 'node:path';
import type BetterSqlite3 from 'better-sqlite3';
import type { DataSourceOptions, EntityTarget } from 'typeorm';
import { makeFolder } from '../../common/make-folder.js';
import { DRIVER_CAPACITY } from './connection-statements.js';
import { migrations } from './migrations/index.js';
import { SnakeNaming } from './naming.strategy.js';

export interface DatabaseLocation {
  /** `mysql://…`, or null for SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
}

export type EntityList = EntityTarget<object>[];

/** Connections of a node. A transaction waits for the disk at its end, and others go on meanwhile (bench: create). */
export const WRITERS = 16;
const READERS = 10;
const CONNECT_TIMEOUT_MS = 5_000;

/** The same entities and migrations on both databases; only what is written here differs. */
export function dataSourceOptions(location: DatabaseLocation, entities: EntityList): DataSourceOptions {
  const common = {
    entities: entities as never,
    migrations,
    migrationsTransactionMode: 'each' as const,
    namingStrategy: new SnakeNaming(),
    logging: false as const,
  };
  if (location.databaseUrl === null) {
    makeFolder(location.dataDir);
    return { ...common, type: 'better-sqlite3', database: sqliteFile(location), prepareDatabase: pragmas };
  }
  return {
    ...common,
    type: 'mariadb',
    url: location.databaseUrl.replace(/^mysql:/, 'mariadb:'),
    charset: 'utf8mb4',
    timezone: 'Z',
    poolSize: WRITERS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // Without traces: the driver would capture a stack for every query, in case that one fails.
    extra: {
      waitForConnections: true,
      enableKeepAlive: true,
      // What a session was told when it began holds as long as it lives.
      resetOnRelease: false,
      decimalNumbers: false,
      trace: false,
      maxPreparedStatements: DRIVER_CAPACITY,
    },
  };
}

/**
 * Who reads has connections of its own. SQLite gives TypeORM a single one, where readers would see somebody's open
 * transaction; on MariaDB those that write never leave theirs (docs/adr/0019).
 */
export function readerOptions(location: DatabaseLocation, entities: EntityList): DataSourceOptions {
  const { migrations: _, ...options } = dataSourceOptions(location, entities);
  if (location.databaseUrl !== null) return { ...options, poolSize: READERS } as DataSourceOptions;
  return { ...options, readonly: true, prepareDatabase: undefined } as DataSourceOptions;
}

export function sqliteFile(location: DatabaseLocation): string {
  return join(location.dataDir, 'omnicrm.sqlite');
}

/** FULL: what was answered survives a power cut, too. */
function pragmas(database: BetterSqlite3.Database): void {
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma('busy_timeout = 5000');
}
