import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
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

/** What of a connection of mysql2 is used here. While it has a command, something is under way on it. */
interface Connection {
  readonly _command?: object | null;
  destroy(): void;
}

/**
 * For MariaDB and MySQL: a connection that writes never leaves its transaction. Its first statement begins one, COMMIT
 * ends it, and the next begins with the next statement: one round trip less of five for a new customer (docs/adr/0019).
 */
class StandingTransactions implements TransactionBounds {
  private readonly logger = new Logger(StandingTransactions.name);
  private readonly standing = new WeakSet<object>();

  async begin(runner: QueryRunner): Promise<void> {
    const connection = await connectionOf(runner);
    if (!this.standing.has(connection)) {
      await runner.query('SET autocommit = 0');
      this.standing.add(connection);
    }
    mark(runner, true);
  }

  async commit(runner: QueryRunner): Promise<void> {
    await this.end(runner, () => runPrepared(runner, 'COMMIT', []));
    mark(runner, false);
  }

  /** A connection that cannot go back is given up: whoever came next would commit what was left in it. */
  async rollback(runner: QueryRunner): Promise<void> {
    mark(runner, false);
    try {
      await this.end(runner, () => runner.query('ROLLBACK'));
    } catch (error) {
      (await connectionOf(runner)).destroy();
      throw error;
    }
  }

  /**
   * Whoever still holds the runner is refused from then on. What was on its way and comes behind the end has begun the
   * next transaction, which nobody ends: it is given up with its connection.
   */
  private async end(runner: QueryRunner, send: () => Promise<unknown>): Promise<void> {
    Object.assign(runner, { isReleased: false });
    const ended = send();
    Object.assign(runner, { isReleased: true });
    await ended;
    const connection = await connectionOf(runner);
    if (!connection._command) return;
    this.logger.error('a statement came behind the end of its transaction, and is undone');
    connection.destroy();
  }
}

function connectionOf(runner: QueryRunner): Promise<Connection> {
  return runner.connect() as Promise<Connection>;
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

  /**
   * What was started and not waited for has its turn first, or it would be written for good behind the end. SQLite may
   * have ended it by itself, e.g. for a full disk.
   */
  async rollback(runner: QueryRunner): Promise<void> {
    await setImmediate();
    mark(runner, false);
    if (this.driver.databaseConnection.inTransaction) await runner.query('ROLLBACK');
  }
}

/** TypeORM believes what stands there, and begins a transaction of its own for a `save()` outside of one. */
function mark(runner: QueryRunner, isActive: boolean): void {
  Object.assign(runner, { isTransactionActive: isActive, transactionDepth: isActive ? 1 : 0 });
}
