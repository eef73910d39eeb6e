import type BetterSqlite3 from 'better-sqlite3';
import type { DataSource } from 'typeorm';
import { type DriverConnection, execute } from './connection-statements.js';

export type RawRow = Record<string, unknown>;
export type BoundValue = string | number | null;

/** Runs one SELECT outside of transactions. Its text is prepared once; later only values travel. */
export type PreparedReads = (sql: string, values: readonly BoundValue[]) => Promise<RawRow[]>;

type PoolConnection = DriverConnection & { release(): void; destroy(): void };

/** What of mysql2's pool is used here: callbacks, for its promises capture a stack for each query. */
interface Pool {
  getConnection(done: (error: Error | null, connection: PoolConnection) => void): void;
}

/** Texts differ by filters, order and page size; what is not asked for any more is dropped. */
const CAPACITY = 500;

/** TypeORM sends each query as text, values and all, which costs twice as much as its answer (bench: list-key). */
export function preparedReads(reader: DataSource): PreparedReads {
  const { pool, databaseConnection } = reader.driver as unknown as {
    pool?: Pool;
    databaseConnection?: BetterSqlite3.Database;
  };
  if (pool) return throughPool(pool);
  if (databaseConnection) return throughConnection(databaseConnection);
  throw new Error(`no prepared statements on ${reader.options.type}`);
}

function throughPool(pool: Pool): PreparedReads {
  return (sql, values) =>
    new Promise((resolve, reject) => {
      pool.getConnection((refusal, connection) => {
        if (refusal) {
          reject(refusal);
          return;
        }
        execute<RawRow[]>(connection, sql, values, (error, rows) => {
          // The pool hears later that a connection broke: given back, it would go to whoever waits for one.
          if (isFatal(error)) connection.destroy();
          else connection.release();
          if (error) reject(error);
          else resolve(rows);
        });
      });
    });
}

function isFatal(error: (Error & { fatal?: boolean }) | null): boolean {
  return error?.fatal === true;
}

function throughConnection(connection: BetterSqlite3.Database): PreparedReads {
  const statements = new Map<string, BetterSqlite3.Statement<BoundValue[], RawRow>>();
  return (sql, values) => {
    let statement = statements.get(sql);
    if (!statement) {
      if (statements.size >= CAPACITY) statements.clear();
      statements.set(sql, (statement = connection.prepare<BoundValue[], RawRow>(sql)));
    }
    return Promise.resolve(statement.all(...values));
  };
}
