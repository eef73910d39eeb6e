import { setTimeout as pause } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';

const PATIENCE_SECONDS = 60;
const RETRY_MS = 100;
const TOOK_TOO_LONG = `another process has been migrating it for more than ${PATIENCE_SECONDS} seconds`;

/**
 * Runs `prepare` and the pending migrations, one process at a time: two that start on one empty database would drop and
 * make its tables under each other.
 */
export async function migrate(writer: DataSource, prepare: () => Promise<void>): Promise<void> {
  const runner = writer.createQueryRunner();
  try {
    const isServer = writer.options.type === 'mariadb';
    await (isServer ? underLock(runner, writer, prepare) : inOneTransaction(runner, writer, prepare));
  } finally {
    await runner.release();
  }
}

/** The lock belongs to the connection: a process that dies gives it back. */
async function underLock(runner: QueryRunner, writer: DataSource, prepare: () => Promise<void>): Promise<void> {
  const name = `CONCAT('omnicrm/', MD5(DATABASE()))`;
  const [lock] = (await runner.query(`SELECT GET_LOCK(${name}, ${PATIENCE_SECONDS}) AS granted`)) as {
    granted: unknown;
  }[];
  if (Number(lock?.granted) !== 1) throw new Error(TOOK_TOO_LONG);
  try {
    await prepare();
    await writer.runMigrations();
  } finally {
    await runner.query(`SELECT RELEASE_LOCK(${name})`);
  }
}

/** SQLite's only connection is this runner's, so TypeORM joins the transaction; the pragma counts outside of one only. */
async function inOneTransaction(runner: QueryRunner, writer: DataSource, prepare: () => Promise<void>): Promise<void> {
  await runner.query('PRAGMA foreign_keys = OFF');
  await beginAlone(runner);
  try {
    await prepare();
    await writer.runMigrations({ transaction: 'all' });
    await runner.commitTransaction();
  } catch (error) {
    await runner.rollbackTransaction();
    throw error;
  }
  await runner.query('PRAGMA foreign_keys = ON');
}

/** Waiting inside SQLite would stop this whole process, so it asks again instead. */
async function beginAlone(runner: QueryRunner): Promise<void> {
  await runner.query('PRAGMA busy_timeout = 0');
  await runner.startTransaction();
  for (let left = (PATIENCE_SECONDS * 1_000) / RETRY_MS; !(await isAlone(runner)); left -= 1) {
    if (left <= 0) {
      await runner.rollbackTransaction();
      throw new Error(TOOK_TOO_LONG);
    }
    await pause(RETRY_MS);
  }
  await runner.query('PRAGMA busy_timeout = 5000');
}

/** Turns the transaction that was begun into one that holds the write lock, unless another process has it. */
async function isAlone(runner: QueryRunner): Promise<boolean> {
  await runner.query('ROLLBACK');
  try {
    await runner.query('BEGIN IMMEDIATE');
    return true;
  } catch {
    await runner.query('BEGIN');
    return false;
  }
}
