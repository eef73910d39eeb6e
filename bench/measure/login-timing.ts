import { Client, send } from '../systems/client.ts';
import type { Stage } from '../systems/stage.ts';
import type { Probe } from './probes.ts';
import { median } from './statistics.ts';

const TRIES = 200;
const WARM_UP = 20;
const PASSWORD = 'correct horse battery staple';

/** Which login is tried for the n-th time; each of them must be refused. */
interface Way {
  readonly name: string;
  readonly title: string;
  readonly attempt: (turn: number) => { email: string; password: string };
}

/**
 * How long a refused login takes, by why it is refused: whoever could tell them apart would know who has an account.
 * By turns, each first in some of them: what happens to the machine meanwhile happens to all.
 */
export async function probeLoginTiming(stage: Stage): Promise<Probe[]> {
  const { url } = await stage.server('product');
  const ways = await prepare(await Client.of(url));
  const millis = new Map<Way, number[]>(ways.map((way) => [way, []]));
  for (let turn = 0; turn < WARM_UP + TRIES; turn += 1) {
    for (const way of ways) {
      const taken = await refused(url, way.attempt(turn));
      if (turn >= WARM_UP) millis.get(way)?.push(taken);
    }
    ways.push(...ways.splice(0, 1));
  }
  const medians = [...millis].map(([{ name, title }, taken]) => ({ name, title, value: median(taken) }));
  const values = medians.map(({ value }) => value);
  return [
    ...medians.map(({ name, title, value }) => ({
      ...{ name: `login-timing-${name}`, title: `refused login: ${title}`, unit: 'ms', value, most: null },
    })),
    {
      ...{ name: 'login-timing', title: 'refused logins: slowest ÷ fastest of these', unit: '×' },
      ...{ value: Math.max(...values) / Math.min(...values), most: 1.1 },
    },
  ];
}

async function prepare(client: Client): Promise<Way[]> {
  const stamp = Date.now().toString(36);
  const [known, closed, invited] = ['known', 'closed', 'invited'].map((name) => `${name}-${stamp}@example.com`) as [
    string,
    string,
    string,
  ];
  await client.change('POST', '/crm/users', { email: known, name: 'Known', password: PASSWORD, roles: ['Support'] });
  await client.change('POST', '/crm/users', { email: invited, name: 'Invited' });
  const user = { email: closed, name: 'Closed', password: PASSWORD };
  const { user_id: id } = await client.change<{ user_id: number }>('POST', '/crm/users', user);
  await client.change('PATCH', `/crm/users/${id}`, { status: 'deactivated' });
  const wrong = 'incorrect horse battery staple';
  return [
    { name: 'known', title: 'wrong password', attempt: () => ({ email: known, password: wrong }) },
    {
      ...{ name: 'unknown', title: 'unknown e-mail' },
      attempt: (turn) => ({ email: `nobody-${turn}-${stamp}@example.com`, password: wrong }),
    },
    { name: 'closed', title: 'deactivated account', attempt: () => ({ email: closed, password: PASSWORD }) },
    { name: 'invited', title: 'account without a password', attempt: () => ({ email: invited, password: wrong }) },
  ];
}

async function refused(url: string, attempt: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const begun = performance.now();
  const response = await send(url, { method: 'POST', path: '/crm/auth/login', headers, body: JSON.stringify(attempt) });
  await response.arrayBuffer();
  if (response.status !== 401) throw new Error(`a login that must be refused was answered with ${response.status}`);
  return performance.now() - begun;
}
