import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { findExecutables, installOrExplain } from './apt.ts';
import { freePort } from './free-port.ts';
import { keep, type Keeper, release } from './keep.ts';

export interface MariadbServer {
  /** Without a database: `mysql://user:password@host:port`. The user may create and drop databases. */
  url: string;
  stop(): Promise<void>;
}

interface Binaries {
  server: string;
  installer: string;
}

const HOW_TO_GET_ONE =
  'This needs a MariaDB and found none: install it (Debian: apt-get install mariadb-server); for the tests, ' +
  'CRM_TEST_DATABASE_URL=mysql://user:password@host:port may name a server whose user may create databases.';

/** The server that CRM_TEST_DATABASE_URL names, else a private one on a free port of the loopback address. */
export async function startMariadb(): Promise<MariadbServer> {
  const url = process.env.CRM_TEST_DATABASE_URL;
  if (!url) {
    return startPrivateMariadb();
  }
  await connect(url).catch((cause: unknown) => {
    throw new Error(`The server that CRM_TEST_DATABASE_URL names does not let us in: ${String(cause)}`, { cause });
  });
  return { url, stop: () => Promise.resolve() };
}

function findBinaries(): Binaries | null {
  const [server] = findExecutables('mariadbd', 'mysqld');
  const [installer] = findExecutables('mariadb-install-db', 'mysql_install_db');
  return server && installer ? { server, installer } : null;
}

function installBinaries(): Binaries {
  // Debian's core packages are the same programs without the system service, so none is left running.
  installOrExplain(['mariadb-server-core', 'mariadb-client-core'], HOW_TO_GET_ONE);
  const binaries = findBinaries();
  if (!binaries) {
    throw new Error(HOW_TO_GET_ONE);
  }
  return binaries;
}

/** `more` = further options of the server; they win over ours. `through` = a command that runs it, such as taskset. */
export async function startPrivateMariadb(
  more: readonly string[] = [],
  through: readonly string[] = [],
): Promise<MariadbServer> {
  const { server, installer } = findBinaries() ?? installBinaries();
  const folder = mkdtempSync(join(tmpdir(), 'crm-mariadb-'));
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  const common = [`--datadir=${join(folder, 'data')}`, '--innodb-log-file-size=16M', ...asRoot];
  const installed = spawnSync(
    installer,
    ['--no-defaults', '--auth-root-authentication-method=normal', '--skip-test-db', ...common],
    { encoding: 'utf8' },
  );
  if (installed.error || installed.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`${installer} failed: ${installed.error?.message ?? installed.stdout + installed.stderr}`);
  }
  // Other people of this machine can reach the port too, and the server may run as root.
  const password = randomBytes(16).toString('hex');
  writeFileSync(join(folder, 'init.sql'), `ALTER USER root@127.0.0.1 IDENTIFIED BY '${password}';\n`, { mode: 0o600 });
  const port = await freePort();
  const command = [...through, server, '--no-defaults', ...common, ...settings(folder, port), ...more];
  const keeper = keep(folder, ...command);
  const url = `mysql://root:${password}@127.0.0.1:${port}`;
  await untilItAnswers(url, keeper);
  return { url, stop: () => release(keeper) };
}

function settings(folder: string, port: number): string[] {
  return [
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    '--skip-name-resolve',
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--init-file=${join(folder, 'init.sql')}`,
    `--secure-file-priv=${folder}`,
    `--tmpdir=${folder}`,
    // Durability is for data that somebody wants to keep.
    '--innodb-flush-log-at-trx-commit=0',
    '--innodb-doublewrite=0',
    '--innodb-buffer-pool-size=64M',
    '--max-connections=200',
  ];
}

async function untilItAnswers(url: string, keeper: Keeper): Promise<void> {
  const said: string[] = [];
  for (const stream of [keeper.stdout, keeper.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => said.push(text));
  }
  let problem: unknown;
  for (let attempt = 0; attempt < 300 && keeper.exitCode === null; attempt++) {
    try {
      await connect(url);
      return;
    } catch (error) {
      problem = error;
      await sleep(100);
    }
  }
  await release(keeper);
  throw new Error(`The private MariaDB did not start: ${said.join('').slice(-4000)}`, { cause: problem });
}

async function connect(url: string): Promise<void> {
  const server = new URL(url);
  server.pathname = ''; // each suite makes a database of its own
  const connection = await createConnection(server.href);
  await connection.end();
}
