import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { ServerProcess } from '../../support/server-process.js';

const CONFIG = { CRM_ADMIN_PASSWORD: 'an administrator of tests', CRM_LOG_LEVEL: 'warn' };
/** Far below what a keep-alive connection lives, and above what a busy machine needs. */
const SOON_MS = 6_000;

interface Asked {
  readonly status: number;
  readonly id: string;
}

function ask(url: string, agent: Agent, body?: object): Promise<Asked> {
  const headers = body ? { 'content-type': 'application/json' } : {};
  return new Promise((resolve, reject) => {
    const asking = request(url, { agent, headers, method: body ? 'POST' : 'GET' }, (answer) => {
      answer.on('error', reject).resume();
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, id: String(answer.headers['x-request-id']) }));
    });
    asking.on('error', reject).end(body && JSON.stringify(body));
  });
}

describe('SIGTERM', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  /** Ends the server and answers how long that took. */
  const stop = async (server: ServerProcess, ...signals: NodeJS.Signals[]): Promise<number> => {
    const began = performance.now();
    for (const signal of signals) server.kill(signal);
    expect(await server.ended).toEqual({ code: 0, signal: null });
    return performance.now() - began;
  };

  it('under load: every request that was answered is in the access log, refused ones included', async () => {
    const server = await ServerProcess.start(place, { environment: CONFIG });
    const agent = new Agent({ keepAlive: true, maxSockets: 20 });
    const answered: string[] = [];
    let isOver = false;
    const paths = ['/health/live', '/crm/customers', '/nowhere', '/crm/.well-known/jwks.json'];
    const client = async (first: number): Promise<void> => {
      for (let turn = first; !isOver; turn += 1) {
        await ask(`${server.url}${paths[turn % paths.length]}`, agent).then(
          ({ id }) => answered.push(id),
          () => (isOver = true),
        );
      }
    };
    const clients = Array.from({ length: 20 }, (_, index) => client(index));
    while (answered.length < 300) await new Promise(setImmediate);
    const before = answered.length;
    await stop(server, 'SIGTERM');
    await Promise.all(clients);
    agent.destroy();
    expect(before).toBeGreaterThanOrEqual(300);
    const logged = new Set((await rowsOf(place, 'SELECT request_id FROM access_logs')).map((row) => row.request_id));
    expect(answered.filter((id) => !logged.has(id))).toEqual([]);
  });

  it('answers what it has begun, is not held up by connections that stay open, and minds one signal only', async () => {
    const server = await ServerProcess.start(place, { environment: CONFIG });
    const agent = new Agent({ keepAlive: true });
    await ask(`${server.url}/health/live`, agent);
    const silent = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' });
    await once(silent, 'connect');
    // Six hashes, two at a time: these are still being answered when the signal comes.
    const guess = { email: 'admin@example.com', password: 'not the password' };
    const slow = Array.from({ length: 6 }, () => ask(`${server.url}/crm/auth/login`, agent, guess));
    await Promise.race(slow);
    const took = await stop(server, 'SIGTERM', 'SIGINT', 'SIGTERM');
    expect((await Promise.all(slow)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401, 401]);
    expect(took).toBeLessThan(SOON_MS);
    const logged = await rowsOf(place, `SELECT request_id FROM access_logs WHERE path = '/crm/auth/login'`);
    expect(logged).toHaveLength(6);
    agent.destroy();
    silent.destroy();
  });

  it('closing the terminal ends it in the same order', async () => {
    const server = await ServerProcess.start(place, { environment: CONFIG });
    const agent = new Agent();
    const { id } = await ask(`${server.url}/health/live`, agent);
    await stop(server, 'SIGHUP');
    expect(await rowsOf(place, 'SELECT request_id FROM access_logs')).toEqual([{ request_id: id }]);
  });
});
