import { type Connection, createConnection, escape, type RowDataPacket } from 'mysql2/promise';
import type { Row, Store, Value } from './store.ts';

interface IndexPart {
  readonly table_name: string;
  readonly index_name: string;
  readonly is_unique: number;
  readonly columns: string;
}

/** Writes by multi-row INSERTs, while the next rows are being made. */
export class MariadbStore implements Store {
  private readonly connection: Connection;
  private pending: Promise<unknown> = Promise.resolve();

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(url: string): Promise<MariadbStore> {
    const connection = await createConnection(url);
    await connection.query('SET unique_checks = 0, foreign_key_checks = 0');
    return new MariadbStore(connection);
  }

  async insert(table: string, columns: readonly string[], rows: readonly Row[]): Promise<void> {
    const values = rows.map((row) => `(${row.map(literal).join()})`).join();
    const names = columns.map((name) => `\`${name}\``).join();
    await this.pending;
    this.pending = this.connection.query(`INSERT INTO ${table} (${names}) VALUES ${values}`);
  }

  async withoutIndexes(tables: readonly string[], work: () => Promise<void>): Promise<void> {
    const indexes = await this.indexesOf(tables);
    for (const it of indexes) await this.connection.query(`ALTER TABLE ${it.table_name} DROP INDEX ${it.index_name}`);
    await work();
    await this.pending;
    for (const table of tables) {
      const added = indexes
        .filter((it) => it.table_name === table)
        .map((it) => `ADD ${it.is_unique ? 'UNIQUE ' : ''}INDEX ${it.index_name} (${it.columns})`);
      if (added.length > 0) await this.connection.query(`ALTER TABLE ${table} ${added.join(', ')}`);
    }
  }

  async analyse(tables: readonly string[]): Promise<void> {
    await this.pending;
    await this.connection.query(`ANALYZE TABLE ${tables.join()}`);
  }

  async close(): Promise<void> {
    await this.pending;
    await this.connection.end();
  }

  private async indexesOf(tables: readonly string[]): Promise<IndexPart[]> {
    const [rows] = await this.connection.query<(IndexPart & RowDataPacket)[]>(
      `SELECT table_name AS table_name, index_name AS index_name, MAX(non_unique) = 0 AS is_unique,
         GROUP_CONCAT(column_name ORDER BY seq_in_index) AS columns
       FROM information_schema.statistics
       WHERE table_schema = DATABASE() AND table_name IN (?) AND index_name <> 'PRIMARY'
       GROUP BY table_name, index_name`,
      [tables],
    );
    return rows;
  }
}

function literal(value: Value): string {
  if (typeof value === 'string') return /['\\\0]/.test(value) ? escape(value) : `'${value}'`;
  return value === null ? 'NULL' : String(value);
}
