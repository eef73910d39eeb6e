import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { eventually, ServerProcess } from '../../support/server-process.js';

interface Switch {
  readonly database: TestDatabase;
  takeAway(): Promise<void>;
  bringBack(): Promise<void>;
  end(): Promise<void>;
}

/** MariaDB behind a door that can be shut; SQLite with somebody else's lock on it. */
async function switchFor(place: TestDatabase): Promise<Switch> {
  if (place.url === null) {
    let other: BetterSqlite3.Database | undefined;
    return {
      database: place,
      takeAway: () => {
        other = new BetterSqlite3(join(place.dataDir, 'omnicrm.sqlite'));
        other.exec('BEGIN IMMEDIATE');
        return Promise.resolve();
      },
      bringBack: () => Promise.resolve(void other?.close()),
      end: () => Promise.resolve(void other?.close()),
    };
  }
  const target = new URL(place.url);
  const sockets = new Set<Socket>();
  const door = createServer((inside) => {
    const outside = connect(Number(target.port), target.hostname);
    for (const socket of [inside, outside]) sockets.add(socket.on('error', () => undefined));
    inside.pipe(outside).pipe(inside);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const { port } = door.address() as { port: number };
  const url = Object.assign(new URL(place.url), { host: `127.0.0.1:${port}` }).href;
  const shut = async (): Promise<void> => {
    if (!door.listening) return;
    door.close();
    sockets.forEach((socket) => socket.destroy());
    await once(door, 'close');
  };
  return {
    database: { ...place, url },
    takeAway: shut,
    bringBack: async () => void (await once(door.listen(port, '127.0.0.1'), 'listening')),
    end: shut,
  };
}

describe('while the database is away', () => {
  let place: TestDatabase;
  let database: Switch;
  let server: ServerProcess;

  beforeEach(async () => {
    place = await testDatabase();
    database = await switchFor(place);
    server = await ServerProcess.start(database.database, { environment: { CRM_LOG_LEVEL: 'warn' } });
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await database.end();
    await place.drop();
  });

  it('access log lines wait, and are written once it is back', async () => {
    await database.takeAway();
    const answer = await fetch(`${server.url}/health/live`);
    expect(answer.status).toBe(200);
    const id = answer.headers.get('x-request-id');
    await server.until(/cannot write the access log; lines wait in memory/);
    await database.bringBack();
    const isWritten = async () => (await rowsOf(place, `SELECT * FROM access_logs WHERE request_id = '${id}'`)).length;
    expect(await eventually(isWritten, (count) => count === 1)).toBe(1);
  });

  it('SIGTERM ends it all the same, and it says what is lost', async () => {
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    await database.takeAway();
    await fetch(`${server.url}/health/live`);
    server.kill('SIGTERM');
    // One that waited for its database for ever would never come to this end.
    await server.ended;
    expect(server.stdout + server.stderr).toMatch(
      /\d access log lines could not be written|what was not written by now is lost/,
    );
  });
});
