import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { Database } from './database.js';
import { PREPARED_ROWS } from './prepared.js';

/** A row of counters: its key, and what is added to its count. */
export type Increment<Row extends ObjectLiteral> = { readonly [Property in keyof Row]: Row[Property] };

/**
 * Adds each row's `counter` to the row with the same key, and makes the rows that are missing, in one statement. TypeORM's
 * upsert can only overwrite, and reading first would lose counts between two nodes. To be called in a transaction.
 */
export async function addCounts<Row extends ObjectLiteral>(
  database: Database,
  entity: EntityTarget<Row>,
  counter: keyof Row & string,
  rows: readonly Increment<Row>[],
): Promise<void> {
  if (rows.length === 0) return;
  const { metadata } = database.repository(entity);
  const quote = (name: string): string => database.manager.connection.driver.escape(name);
  const columns = metadata.columns.map((column) => quote(column.databaseName));
  const count = quote(metadata.findColumnWithPropertyName(counter)?.databaseName ?? '');
  const keys = metadata.primaryColumns.map((column) => quote(column.databaseName)).join(', ');
  const values = rows.map(() => `(${columns.map(() => '?').join(', ')})`).join(', ');
  const table = quote(metadata.tableName);
  const merge = database.isSqlite
    ? `ON CONFLICT (${keys}) DO UPDATE SET ${count} = ${count} + excluded.${count}`
    : `ON DUPLICATE KEY UPDATE ${count} = ${count} + VALUES(${count})`;
  const parameters = rows.flatMap((row) => metadata.columns.map((column) => row[column.propertyName] as unknown));
  const statement = `INSERT INTO ${table} (${columns.join(', ')}) VALUES ${values} ${merge}`;
  if (rows.length <= PREPARED_ROWS) await database.runPrepared(statement, parameters);
  else await database.manager.query(statement, parameters);
}
