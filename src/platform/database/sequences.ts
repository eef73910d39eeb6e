import type { Database } from './database.js';
import { SequenceRow } from './sequence.entity.js';

/**
 * Draws `count` ids in a row and returns the first. To be called in a transaction: until it ends nobody else draws from the
 * sequence, so ids that are given back by a rollback leave no gap.
 */
export async function drawIds(database: Database, name: string, count: number): Promise<number> {
  const last = await (database.isSqlite ? grownInSqlite : grownInMariadb)(database, name, count);
  if (!last) throw new Error(`there is no sequence ${name}`);
  return last - count + 1;
}

/** The server says what the value became when it says that it grew: LAST_INSERT_ID(value) is for that. */
async function grownInMariadb(database: Database, name: string, count: number): Promise<number> {
  const table = database.tableOf(SequenceRow);
  return database.runPrepared(`UPDATE ${table} SET value = LAST_INSERT_ID(value + ?) WHERE name = ?`, [count, name]);
}

async function grownInSqlite(database: Database, name: string, count: number): Promise<number | undefined> {
  const table = database.tableOf(SequenceRow);
  const statement = `UPDATE ${table} SET value = value + ? WHERE name = ? RETURNING value`;
  const [row] = await database.manager.query<{ value: number }[]>(statement, [count, name]);
  return row?.value;
}
