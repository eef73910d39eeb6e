import Database from 'better-sqlite3';
import type { Examiner, Plan, Statement } from './examined.ts';

export class SqliteExaminer implements Examiner {
  readonly name = 'SQLite';
  private readonly database: Database.Database;

  constructor(file: string) {
    this.database = new Database(file, { readonly: true });
  }

  explain({ sql, parameters }: Statement): Promise<Plan> {
    const steps = this.database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as { detail: string }[];
    return Promise.resolve({ text: steps.map(({ detail }) => detail).join('; '), rowsRead: null });
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }
}
