import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import type { Examiner, Plan, Statement } from './examined.ts';

interface Step {
  readonly table: string | null;
  readonly type: string | null;
  readonly key: string | null;
  readonly Extra: string | null;
}

/** EXPLAIN for the words, and the session's own counters of a real run for the rows. */
export class MariadbExaminer implements Examiner {
  readonly name = 'MariaDB';
  private readonly connection: Connection;

  private constructor(connection: Connection) {
    this.connection = connection;
  }

  static async open(url: string): Promise<MariadbExaminer> {
    return new MariadbExaminer(await createConnection(url));
  }

  async explain({ sql, parameters }: Statement): Promise<Plan> {
    const [steps] = await this.connection.query<(Step & RowDataPacket)[]>(`EXPLAIN ${sql}`, parameters);
    await this.connection.query('FLUSH STATUS');
    await this.connection.query(sql, parameters);
    const [counters] = await this.connection.query<RowDataPacket[]>(`SHOW SESSION STATUS LIKE 'Handler_read%'`);
    const rowsRead = (counters as { Value: string }[]).reduce((sum, { Value }) => sum + Number(Value), 0);
    return { text: steps.map(worded).join('; '), rowsRead };
  }

  close(): Promise<void> {
    return this.connection.end();
  }
}

function worded({ table, type, key, Extra }: Step): string {
  return [table, type, key, Extra ? `(${Extra})` : null].filter(Boolean).join(' ');
}
