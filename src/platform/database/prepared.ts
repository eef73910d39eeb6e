import { QueryFailedError, type QueryRunner } from 'typeorm';
import { type DriverConnection, execute } from './connection-statements.js';

/** More rows than that come in too many numbers to keep a prepared statement for each. */
export const PREPARED_ROWS = 32;

interface Header {
  readonly insertId: number;
}

/**
 * Runs a statement whose text comes back, so that the server parses it once per connection. TypeORM does that for SQLite
 * by itself, and for MariaDB never. Returns the id of a new row, or what LAST_INSERT_ID() was set to; 0 where there is none.
 */
export async function runPrepared(runner: QueryRunner, sql: string, parameters: unknown[]): Promise<number> {
  const connection = (await runner.connect()) as object;
  if (!isOfMysql2(connection)) return Number(await runner.query(sql, parameters));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  execute<Header>(connection, sql, parameters, (error, header) => {
    if (error) reject(new QueryFailedError(sql, parameters, error));
    else resolve(header.insertId);
  });
  return promise;
}

/** A connection of SQLite knows `prepare`, too, but nothing that it would have to take back. */
function isOfMysql2(connection: object): connection is DriverConnection {
  return 'unprepare' in connection;
}
