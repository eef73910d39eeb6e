import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, QueryRunner, Repository } from 'typeorm';
import { translateConstraint } from './constraint-errors.js';
import { type DatabaseLoad, poolsLoad } from './pool-load.js';
import { type BoundValue, type PreparedReads, preparedReads, type RawRow } from './prepared-reads.js';
import { runPrepared } from './prepared.js';
import { type TransactionBounds, transactionBounds } from './transaction-bounds.js';

type Callback = () => void | Promise<void>;

interface OpenTransaction {
  readonly runner: QueryRunner;
  readonly onCommit: Callback[];
  readonly onSettled: Callback[];
  isOver: boolean;
}

/** How a transaction ended, and what is to run now that it has left the queue. */
type Outcome<T> = ({ readonly result: T } | { readonly error: unknown }) & { readonly callbacks: readonly Callback[] };

const DEADLOCKS = new Set(['ER_LOCK_DEADLOCK', 'ER_LOCK_WAIT_TIMEOUT', 'ER_CHECKREAD']);
const ATTEMPTS = 4;
/** So long may SQLite's queue keep the event loop to itself. */
const TURN_MS = 5;

/**
 * The only door to the database. All writes go through `transaction()`; nested calls join. On SQLite transactions queue,
 * because TypeORM has one connection there and interleaved ones would roll back each other's rows (docs/adr/0006).
 */
@Injectable()
export class Database {
  private readonly logger = new Logger(Database.name);
  private readonly open = new AsyncLocalStorage<OpenTransaction>();
  private queue: Promise<unknown> = Promise.resolve();
  private queueLength = 0;
  private gaveWayAt = 0;
  private readonly reads: PreparedReads;
  private readonly bounds: TransactionBounds;
  readonly isSqlite: boolean;

  constructor(
    private readonly writer: DataSource,
    private readonly reader: DataSource,
  ) {
    this.isSqlite = writer.options.type === 'better-sqlite3';
    this.reads = preparedReads(reader);
    this.bounds = transactionBounds(writer);
  }

  /** The open transaction's manager, else one that reads what is committed (and, on SQLite, cannot write at all). */
  get manager(): EntityManager {
    const transaction = this.current();
    return transaction ? transaction.runner.manager : this.reader.manager;
  }

  repository<Entity extends ObjectLiteral>(entity: EntityTarget<Entity>): Repository<Entity> {
    return this.manager.getRepository(entity);
  }

  /** The rows of a SELECT whose text comes again and again, as the driver hands them out; `Rows` makes such texts. */
  select(sql: string, values: readonly BoundValue[]): Promise<RawRow[]> {
    const transaction = this.current();
    return transaction ? transaction.runner.manager.query<RawRow[]>(sql, [...values]) : this.reads(sql, values);
  }

  tableOf(entity: EntityTarget<ObjectLiteral>): string {
    return this.writer.getMetadata(entity).tableName;
  }

  isInTransaction(): boolean {
    return this.current() !== undefined;
  }

  /**
   * Runs `work` in one transaction and commits it; whatever it throws rolls everything back. `work` may run again after
   * a deadlock, so it touches nothing but the database. Constraint violations become `Conflict`.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.current()) return work();
    const run = (): Promise<Outcome<T>> => this.attempts(work);
    const outcome = this.isSqlite ? await this.queued(run) : await run();
    await this.call(outcome.callbacks);
    if ('error' in outcome) throw translateConstraint(outcome.error, this.writer);
    return outcome.result;
  }

  /**
   * One transaction after the other until `work` finds nothing left to do, each so small that nobody waits for it. Returns
   * the sum of what they did.
   */
  async inBatches(work: () => Promise<number>): Promise<number> {
    for (let done = 0; ;) {
      const batch = await this.transaction(work);
      if (batch === 0) return done;
      done += batch;
    }
  }

  /** For few statements that come often: they write in the open transaction. Returns the id of a new row. */
  async runPrepared(sql: string, parameters: unknown[]): Promise<number> {
    const transaction = this.current();
    if (!transaction) throw new Error('what writes is called in a transaction');
    return runPrepared(transaction.runner, sql, parameters);
  }

  /** Runs after the open transaction committed (e.g. drops a cache entry); at once when there is none. */
  async onCommit(callback: Callback): Promise<void> {
    const transaction = this.current();
    if (transaction) transaction.onCommit.push(callback);
    else await callback();
  }

  /** Runs after the open transaction ended either way, before its caller hears of it; at once when there is none. */
  async onSettled(callback: Callback): Promise<void> {
    const transaction = this.current();
    if (transaction) transaction.onSettled.push(callback);
    else await callback();
  }

  /** Locks what a query reads until the transaction ends. SQLite has one writer anyway. */
  get writeLock(): { mode: 'pessimistic_write' } | undefined {
    return this.isSqlite ? undefined : { mode: 'pessimistic_write' };
  }

  /** Keeps what a query reads as it is until the transaction ends, and lets others do the same. */
  get shareLock(): { mode: 'pessimistic_read' } | undefined {
    return this.isSqlite ? undefined : { mode: 'pessimistic_read' };
  }

  /** How busy it is: who waits for a connection, on SQLite for its one writer. */
  get load(): DatabaseLoad {
    if (this.isSqlite) return { connections: null, waiting: this.queueLength };
    return poolsLoad([this.reader, this.writer].map(({ driver }) => (driver as unknown as { pool: object }).pool));
  }

  async ping(): Promise<void> {
    await this.reader.query('SELECT 1');
  }

  /** By whoever opened it, once everybody who writes at shutdown has done so. */
  async close(): Promise<void> {
    await this.queue.catch(() => undefined);
    await this.reader.destroy();
    await this.writer.destroy();
  }

  private current(): OpenTransaction | undefined {
    const transaction = this.open.getStore();
    return transaction && !transaction.isOver ? transaction : undefined;
  }

  private queued<T>(run: () => Promise<T>): Promise<T> {
    this.queueLength += 1;
    const begin = (): Promise<T> => {
      this.queueLength -= 1;
      return run();
    };
    const turn = this.queue.then(() => this.giveWay()).then(begin);
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  /** SQLite answers without ever waiting, so a series of transactions would let no socket be read until its end. */
  private async giveWay(): Promise<void> {
    if (performance.now() - this.gaveWayAt < TURN_MS) return;
    await setImmediate();
    this.gaveWayAt = performance.now();
  }

  /** Each attempt has given its connection back before the next asks for one: many at once cannot starve each other. */
  private async attempts<T>(work: () => Promise<T>): Promise<Outcome<T>> {
    for (let left = this.isSqlite ? 1 : ATTEMPTS; ; left -= 1) {
      const outcome = await this.attempt(work);
      if (left <= 1 || !('error' in outcome) || !isDeadlock(outcome.error)) return outcome;
    }
  }

  private async attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
    const runner = this.writer.createQueryRunner();
    const transaction: OpenTransaction = { runner, onCommit: [], onSettled: [], isOver: false };
    try {
      await this.bounds.begin(runner);
      const result = await this.open.run(transaction, work);
      transaction.isOver = true;
      await this.bounds.commit(runner);
      return { result, callbacks: [...transaction.onCommit, ...transaction.onSettled] };
    } catch (error) {
      // Before it is rolled back: a part of the work that is still under way must not write behind that.
      transaction.isOver = true;
      if (runner.isTransactionActive) await this.rollback(runner);
      return { error, callbacks: transaction.onSettled };
    } finally {
      await runner.release();
    }
  }

  private async rollback(runner: QueryRunner): Promise<void> {
    try {
      await this.bounds.rollback(runner);
    } catch (error) {
      this.logger.error(error);
    }
  }

  /** A callback that fails cannot undo what is committed: it is told to the log, and the others still run. */
  private async call(callbacks: readonly Callback[]): Promise<void> {
    for (const callback of callbacks) {
      try {
        await callback();
      } catch (error) {
        this.logger.error(error);
      }
    }
  }
}

function isDeadlock(error: unknown): boolean {
  const code = (error as { driverError?: { code?: unknown } } | null)?.driverError?.code;
  return typeof code === 'string' && DEADLOCKS.has(code);
}
