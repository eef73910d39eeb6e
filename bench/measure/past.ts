import { setTimeout as pause } from 'node:timers/promises';
import { BUSY_KEY, CHANGES, REQUESTS, seedBusyKey, seedChanges } from '../data/past.ts';
import { MariadbStore } from '../data/mariadb-store.ts';
import type { Store } from '../data/store.ts';
import { Client } from '../systems/client.ts';
import { startProduct } from '../systems/product.ts';
import type { Server } from '../systems/server.ts';
import type { Stage } from '../systems/stage.ts';
import type { Probe } from './probes.ts';
import { median } from './statistics.ts';

/** Figures that need years of records; left out of quick runs. */
export const PAST_PROBES = ['usage', 'export'] as const;

const ASKED = 100;
const WARM_UP = 20;
const SAMPLE_MS = 50;

/** How long it takes to say what a key of five million requests was used for. */
export async function probeUsage(stage: Stage): Promise<Probe[]> {
  return withPast(stage, 'usage', seedBusyKey, async (server) => {
    const client = await Client.of(server.url);
    const [from, to, year] = ['2026-03-01', '2026-04-01', '2025-11-01'];
    const path = `/crm/api-keys/${BUSY_KEY.apiKeyId}/usage`;
    const million = REQUESTS / 1e6;
    const time = async (name: string, title: string, query: string): Promise<Probe> => {
      const value = await typical(() => client.get(`${path}?${query}`));
      return { name, title: `usage of ${million} million requests: ${title}`, unit: 'ms', value, most: 50 };
    };
    return [
      await time('usage', 'a month by day', `from=${from}&to=${to}`),
      await time('usage-hours', 'a month by hour', `from=${from}&to=${to}&bucket=hour`),
      await time('usage-year', 'a year by day', `from=${year}&to=2026-11-01`),
    ];
  });
}

/** How much memory the server takes more while it exports a million changes. */
export async function probeExport(stage: Stage): Promise<Probe[]> {
  return withPast(stage, 'export', seedChanges, async (server) => {
    const client = await Client.of(server.url);
    const probes: Probe[] = [];
    for (const format of ['ndjson', 'csv']) {
      const before = server.residentMegabytes();
      const watch = watching(server);
      const begun = performance.now();
      const lines = await client.drain(`/crm/audit-logs/export?format=${format}`);
      const seconds = (performance.now() - begun) / 1_000;
      const peak = await watch.stop();
      if (lines < CHANGES) throw new Error(`the export ended after ${lines} lines`);
      const title = `memory that an export of ${CHANGES / 1e6} million changes takes: ${format}, ${seconds.toFixed(0)} s`;
      probes.push({ name: `export-${format}`, title, unit: 'MB', value: peak - before, most: 64 });
    }
    return probes;
  });
}

type Seed = (database: Stage['database'], name: string, store: Store) => Promise<void>;

async function withPast<T>(stage: Stage, name: string, seed: Seed, work: (server: Server) => Promise<T>): Promise<T> {
  const databaseUrl = await stage.seeded(name, 1_000);
  const store = await MariadbStore.open(databaseUrl);
  await seed(stage.database, `bench_${name}`, store);
  await store.close();
  const server = await startProduct({ cores: stage.cores, folder: stage.home(name), databaseUrl });
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

async function typical(ask: () => Promise<unknown>): Promise<number> {
  const millis: number[] = [];
  for (let time = 0; time < WARM_UP + ASKED; time += 1) {
    const begun = performance.now();
    await ask();
    if (time >= WARM_UP) millis.push(performance.now() - begun);
  }
  return median(millis);
}

/** The most memory that the server held from now on. */
function watching(server: Server): { stop(): Promise<number> } {
  const end = new AbortController();
  const watch = async (): Promise<number> => {
    let most = server.residentMegabytes();
    while (!end.signal.aborted) {
      await pause(SAMPLE_MS);
      most = Math.max(most, server.residentMegabytes());
    }
    return most;
  };
  const watched = watch();
  return {
    stop: () => {
      end.abort();
      return watched;
    },
  };
}
