import { setTimeout as pause } from 'node:timers/promises';
import type { Figures } from '../machine/wrk.ts';
import { answer } from '../systems/client.ts';
import { ADMIN, startProduct } from '../systems/product.ts';
import type { Stage } from '../systems/stage.ts';
import { Credentials } from './credentials.ts';
import type { Effort } from './run.ts';
import { median } from './statistics.ts';

/** A single figure, and what it must not exceed. */
export interface Probe {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  readonly most: number | null;
}

export const PROBES = ['login', 'login-timing', 'start', 'memory'] as const;
const LIST = '/crm/customers?limit=25';
/** Few enough that nobody waits for his like: what is seen is the waiting for logins. */
const VISITORS = 4;
const SIGNING_IN = 8;

/** Logins, and everybody else while as many as can be are going on. */
export async function probeLogin(stage: Stage, { rounds, seconds }: Effort): Promise<Probe[]> {
  const { url } = await stage.server('product');
  const headers = await new Credentials(stage, 'product').key();
  const list = (): Promise<Figures> => stage.load.ask(url, { path: LIST, headers }, { seconds, connections: VISITORS });
  const login = (): Promise<Figures> => stage.load.ask(url, LOGIN, { seconds: seconds + 1, connections: SIGNING_IN });
  const logins: Figures[] = [];
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const alone = await list();
    const signingIn = login();
    await pause(500);
    const beside = await list();
    logins.push(await signingIn);
    ratios.push(beside.p99 / alone.p99);
  }
  const perSecond = median(logins.map((it) => it.requests / it.seconds));
  if (logins.some((it) => it.refused > 0)) throw new Error('logins were refused');
  return [
    { name: 'login', title: 'logins a second', unit: '/s', value: perSecond, most: null },
    { name: 'login-p99', title: 'login p99', unit: 'ms', value: median(logins.map((it) => it.p99)), most: null },
    {
      name: 'beside-logins',
      title: 'p99 of a list while logins saturate ÷ alone',
      unit: '×',
      value: median(ratios),
      most: 3,
    },
  ];
}

const LOGIN = {
  method: 'POST',
  path: '/crm/auth/login',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(ADMIN),
};

const STARTS = 5;

/** From the command to the first 200, on a database that needs no migration. */
export async function probeStart(stage: Stage): Promise<Probe> {
  const databaseUrl = await stage.seeded('small', 10_000);
  const millis: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const begun = performance.now();
    const server = await startProduct({ cores: stage.cores, folder: stage.home('small'), databaseUrl });
    await answer(server.url, { path: '/health/ready' });
    millis.push(performance.now() - begun);
    await server.stop();
  }
  return { name: 'start', title: 'start to first 200', unit: 'ms', value: median(millis), most: 1_500 };
}

/** Of a server that just started, so that the figure means the same whatever ran before. */
export async function probeMemory(stage: Stage, { rounds, seconds }: Effort): Promise<Probe> {
  const headers = await new Credentials(stage, 'product').key();
  await stage.end('product');
  const server = await stage.server('product');
  await stage.load.ask(server.url, { path: LIST, headers }, { seconds: rounds * seconds, connections: 64 });
  const value = server.residentMegabytes();
  return { name: 'memory', title: 'resident memory after load', unit: 'MB', value, most: 180 };
}
