import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keep, type Keeper, release } from '../../test/support/keep.ts';
import { MariadbStore } from '../data/mariadb-store.ts';
import { seedCustomers } from '../data/seed.ts';
import { type Cores, divideCores } from '../machine/cores.ts';
import { LoadGenerator } from '../machine/wrk.ts';
import { Client } from './client.ts';
import { PrivateDatabase } from './database.ts';
import { startLimit } from './limit.ts';
import { startProduct } from './product.ts';
import type { Server } from './server.ts';

/** `product` has the small set of customers, `million` the large one; `unrecorded` is `product` without access records and metrics. */
export type SystemName = 'limit' | 'product' | 'unrecorded' | 'million';

export const SMALL = 10_000;
export const LARGE = 1_000_000;

const WITHOUT_RECORDS = join(import.meta.dirname, '../product/without-records.mjs');

/** Everything that is measured, made when it is first asked for, and taken down together. */
export class Stage {
  readonly cores: Cores;
  readonly database: PrivateDatabase;
  readonly load: LoadGenerator;
  readonly folder: string;
  /** Those that have been under load already. */
  readonly isWarm = new Set<SystemName>();
  private readonly keeper: Keeper;
  private readonly servers = new Map<SystemName, Promise<Server>>();
  private readonly databases = new Map<string, Promise<string>>();

  private constructor(parts: { cores: Cores; database: PrivateDatabase; folder: string; keeper: Keeper }) {
    this.cores = parts.cores;
    this.database = parts.database;
    this.folder = parts.folder;
    this.keeper = parts.keeper;
    this.load = new LoadGenerator(parts.cores.others);
  }

  static async set(): Promise<Stage> {
    const cores = divideCores();
    const folder = mkdtempSync(join(tmpdir(), 'crm-bench-'));
    const keeper = keep(folder);
    return new Stage({ cores, folder, keeper, database: await PrivateDatabase.start(cores.others) });
  }

  /** The running system; the first call starts it on its data. */
  server(name: SystemName): Promise<Server> {
    return once(this.servers, name, () => this.start(name));
  }

  /** Whoever asks for it next gets a fresh one on the same data. */
  async end(name: SystemName): Promise<void> {
    const running = this.servers.get(name);
    this.servers.delete(name);
    this.isWarm.delete(name);
    if (running) await stop(await running);
  }

  /** The database of an installation of the product, migrated, with so many customers. */
  seeded(name: string, count: number): Promise<string> {
    return once(this.databases, name, async () => {
      const url = await this.database.create(`bench_${name}`);
      const installer = await startProduct({ cores: this.cores, folder: this.home(name), databaseUrl: url });
      await installer.stop();
      await this.fill(url, count, true);
      return url;
    });
  }

  home(name: string): string {
    return join(this.folder, name);
  }

  async strike(): Promise<void> {
    // One that did not start has told so to whoever asked for it.
    for (const server of this.servers.values()) await server.then(stop, () => undefined);
    await this.database.stop();
    await release(this.keeper);
  }

  private async start(name: SystemName): Promise<Server> {
    if (name === 'limit') return startLimit(this.cores, this.folder, await this.limitDatabase());
    const [home, count] = name === 'million' ? ['million', LARGE] : ['small', SMALL];
    const databaseUrl = await this.seeded(home, count);
    const flags = name === 'unrecorded' ? ['--import', WITHOUT_RECORDS] : [];
    return startProduct({ cores: this.cores, folder: this.home(home), databaseUrl, flags });
  }

  /** The same table with the same rows, in a database of its own: neither system's writes grow the other's data. */
  private limitDatabase(): Promise<string> {
    return once(this.databases, 'limit', async () => {
      await this.seeded('small', SMALL);
      const url = await this.database.create('bench_limit');
      await this.database.query('CREATE TABLE bench_limit.customers LIKE bench_small.customers');
      await this.fill(url, SMALL, false);
      return url;
    });
  }

  private async fill(url: string, count: number, words: boolean): Promise<void> {
    const begun = performance.now();
    const store = await MariadbStore.open(url);
    await seedCustomers(store, count, { words });
    await store.close();
    const seconds = ((performance.now() - begun) / 1_000).toFixed(0);
    if (count >= LARGE) process.stderr.write(`${count.toLocaleString('en')} customers in ${seconds} s\n`);
  }
}

/** A client of the product, on whichever data. */
export async function clientOf(stage: Stage, name: SystemName): Promise<Client> {
  return Client.of((await stage.server(name)).url);
}

function stop(server: Server): Promise<void> {
  return server.stop();
}

/** Made at the first call; whoever asks meanwhile waits for the same. */
function once<Key, T>(made: Map<Key, Promise<T>>, key: Key, make: () => Promise<T>): Promise<T> {
  const known = made.get(key) ?? make();
  made.set(key, known);
  return known;
}
