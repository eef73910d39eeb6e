import Database from 'better-sqlite3';
import type { Row, Store } from './store.ts';

export class SqliteStore implements Store {
  private readonly database: Database.Database;

  constructor(file: string) {
    this.database = new Database(file);
    this.database.pragma('synchronous = OFF');
    this.database.pragma('foreign_keys = OFF');
  }

  insert(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void> {
    const names = columns.map((name) => `"${name}"`).join();
    const statement = this.database.prepare(
      `INSERT INTO ${table} (${names}) VALUES (${columns.map(() => '?').join()})`,
    );
    this.database.transaction(() => {
      for (const row of rows) statement.run(row);
    })();
    return Promise.resolve();
  }

  async withoutIndexes(tables: readonly string[], work: () => Promise<void>): Promise<void> {
    const indexes = this.database
      .prepare(`SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL`)
      .all() as { name: string; tbl_name: string; sql: string }[];
    const affected = indexes.filter((it) => tables.includes(it.tbl_name));
    for (const { name } of affected) this.database.exec(`DROP INDEX "${name}"`);
    await work();
    for (const { sql } of affected) this.database.exec(sql);
  }

  analyse(): Promise<void> {
    // The product never runs ANALYZE, so its planner knows no more than this one.
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.database.close();
    return Promise.resolve();
  }
}
