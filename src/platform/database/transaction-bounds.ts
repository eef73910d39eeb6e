import type { DataSource, QueryRunner } from 'typeorm';
import { runPrepared } from './prepared.js';

/** How a transaction begins and ends on one kind of database. */
export interface TransactionBounds {
  begin(runner: QueryRunner): Promise<void>;
  commit(runner: QueryRunner): Promise<void>;
  rollback(runner: QueryRunner): Promise<void>;
}

export function transactionBounds(writer: DataSource): TransactionBounds {
  if (writer.options.type !== 'better-sqlite3') return new StandingTransactions();
  return new ImmediateTransactions(writer.driver as unknown as SqliteDriver);
}

/**
 * For MariaDB and MySQL: a connection that writes never leaves its transaction. Its first statement begins one, COMMIT
 * ends it, and the next begins with the next statement: one round trip less of five for a new customer (docs/adr/0019).
 */
class StandingTransactions implements TransactionBounds {
  private readonly standing = new WeakSet<object>();

  async begin(runner: QueryRunner): Promise<void> {
    const connection = (await runner.connect()) as object;
    if (!this.standing.has(connection)) {
      await runner.query('SET autocommit = 0');
      this.standing.add(connection);
    }
    mark(runner, true);
  }

  async commit(runner: QueryRunner): Promise<void> {
    await runPrepared(runner, 'COMMIT', []);
    mark(runner, false);
  }

  /** A connection that cannot go back is given up: whoever came next would commit what was left in it. */
  async rollback(runner: QueryRunner): Promise<void> {
    mark(runner, false);
    try {
      await runner.query('ROLLBACK');
    } catch (error) {
      const connection = (await runner.connect()) as { destroy(): void };
      connection.destroy();
      throw error;
    }
  }
}

interface SqliteDriver {
  readonly databaseConnection: { readonly inTransaction: boolean };
}

/** SQLite takes the write lock at once: a reader that becomes a writer later can be refused by another process. */
class ImmediateTransactions implements TransactionBounds {
  constructor(private readonly driver: SqliteDriver) {}

  async begin(runner: QueryRunner): Promise<void> {
    await runner.query('BEGIN IMMEDIATE');
    mark(runner, true);
  }

  async commit(runner: QueryRunner): Promise<void> {
    await runner.query('COMMIT');
    mark(runner, false);
  }

  /** SQLite may have ended it by itself, e.g. for a full disk. */
  async rollback(runner: QueryRunner): Promise<void> {
    mark(runner, false);
    if (this.driver.databaseConnection.inTransaction) await runner.query('ROLLBACK');
  }
}

/** TypeORM believes what stands there, and begins a transaction of its own for a `save()` outside of one. */
function mark(runner: QueryRunner, isActive: boolean): void {
  Object.assign(runner, { isTransactionActive: isActive, transactionDepth: isActive ? 1 : 0 });
}
