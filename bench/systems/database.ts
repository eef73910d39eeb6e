import { readFileSync } from 'node:fs';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { type MariadbServer, startPrivateMariadb } from '../../test/support/mariadb.ts';
import { cpuMillis } from '../machine/usage.ts';

/** Room for a million customers in memory: what is measured is the server, not the disk under the database. */
const SETTINGS = ['--innodb-buffer-pool-size=1G', '--innodb-log-file-size=256M', '--innodb-sort-buffer-size=64M'];

/** A private MariaDB that ends with this process, durability off, on the cores of the load generator. */
export class PrivateDatabase {
  private readonly server: MariadbServer;
  private readonly connection: Connection;
  private readonly pid: number;
  readonly version: string;

  private constructor(server: MariadbServer, connection: Connection, about: { pid: number; version: string }) {
    this.server = server;
    this.connection = connection;
    this.pid = about.pid;
    this.version = about.version;
  }

  static async start(through: readonly string[]): Promise<PrivateDatabase> {
    const server = await startPrivateMariadb(SETTINGS, through);
    const connection = await createConnection(server.url);
    const [[about]] = await connection.query<RowDataPacket[]>('SELECT @@pid_file AS file, VERSION() AS version');
    const { file, version } = about as { file: string; version: string };
    return new PrivateDatabase(server, connection, { pid: Number(readFileSync(file, 'utf8')), version });
  }

  /** An empty database; answers with the URL that its owner connects to. */
  async create(name: string): Promise<string> {
    await this.connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
    return `${this.server.url}/${name}`;
  }

  /** How many statements were sent to the server so far, all clients together, this question included. */
  async questions(): Promise<number> {
    const [[row]] = await this.connection.query<RowDataPacket[]>(`SHOW GLOBAL STATUS LIKE 'Questions'`);
    return Number((row as { Value: string }).Value);
  }

  async query<Result>(sql: string): Promise<Result[]> {
    const [rows] = await this.connection.query<RowDataPacket[]>(sql);
    return rows as Result[];
  }

  cpuMillis(): number {
    return cpuMillis(this.pid);
  }

  async stop(): Promise<void> {
    await this.connection.end();
    await this.server.stop();
  }
}
