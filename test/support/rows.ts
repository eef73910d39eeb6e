import BetterSqlite3 from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import { join } from 'node:path';
import type { TestDatabase } from './database.js';

/** The rows of a query, read past the application: what a process left behind, or what it is writing right now. */
export async function rowsOf<Row = Record<string, any>>(database: TestDatabase, query: string): Promise<Row[]> {
  if (database.url === null) {
    const sqlite = new BetterSqlite3(join(database.dataDir, 'omnicrm.sqlite'));
    try {
      return sqlite.prepare(query).all() as Row[];
    } finally {
      sqlite.close();
    }
  }
  const connection = await createConnection(database.url);
  try {
    const [rows] = await connection.query(query);
    return rows as Row[];
  } finally {
    await connection.end();
  }
}

/** Changes something past the application, as a newer version or a careless hand would. */
export async function execute(database: TestDatabase, statement: string): Promise<void> {
  if (database.url === null) {
    const sqlite = new BetterSqlite3(join(database.dataDir, 'omnicrm.sqlite'));
    sqlite.exec(statement);
    sqlite.close();
    return;
  }
  const connection = await createConnection(database.url);
  await connection.query(statement);
  await connection.end();
}
