import { QueryFailedError, type QueryRunner } from 'typeorm';

/** What mysql2 hands out; a connection of SQLite has no such method. */
interface Connection {
  execute?(sql: string, parameters: unknown[], done: (error: Error | null, header?: Header) => void): unknown;
}

interface Header {
  readonly insertId: number;
}

/**
 * Runs a statement whose text comes back, so that the server parses it once per connection. TypeORM does that for SQLite
 * by itself, and for MariaDB never. Returns the id of a new row, 0 where the table draws none.
 */
export async function runPrepared(runner: QueryRunner, sql: string, parameters: unknown[]): Promise<number> {
  const connection = (await runner.connect()) as Connection;
  if (!connection.execute) return Number(await runner.query(sql, parameters));
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  connection.execute(sql, parameters, (error, header) => {
    if (error) reject(new QueryFailedError(sql, parameters, error));
    else resolve(Number(header?.insertId));
  });
  return promise;
}
