import { mkdtempSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findExecutables, installOrExplain } from './apt.js';
import { freePort } from './free-port.js';
import { keep, type Keeper, release } from './keep.js';

const HOW_TO_GET_ONE =
  'The tests put a real nginx in front of a service and found none: install it (Debian: apt-get install nginx).';
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export interface Nginx {
  readonly port: number;
  stop(): Promise<void>;
}

/** A private nginx with these blocks of `http`; whatever the system's own nginx does is none of its business. */
export async function startNginx(blocks: (port: number) => string): Promise<Nginx> {
  const binary = findNginx();
  const folder = mkdtempSync(join(process.env.CRM_TEST_FOLDER ?? tmpdir(), 'nginx-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, blocks(port)));
  const keeper = keep(folder, binary, '-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf'));
  await untilItListens(port, keeper);
  return { port, stop: () => release(keeper) };
}

/** One process in the foreground: ending it leaves no worker behind. */
function configuration(folder: string, blocks: string): string {
  return [
    'daemon off;',
    'master_process off;',
    `pid ${join(folder, 'pid')};`,
    'error_log stderr warn;',
    'events {}',
    'http {',
    '  access_log off;',
    ...TEMPORARY.map((name) => `  ${name}_temp_path ${join(folder, name)};`),
    blocks,
    '}',
    '',
  ].join('\n');
}

function findNginx(): string {
  const [found] = findExecutables('nginx');
  if (found) return found;
  installOrExplain(['nginx'], HOW_TO_GET_ONE);
  const [installed] = findExecutables('nginx');
  if (!installed) throw new Error(HOW_TO_GET_ONE);
  return installed;
}

async function untilItListens(port: number, keeper: Keeper): Promise<void> {
  const said: string[] = [];
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  for (let attempt = 0; attempt < 300 && keeper.exitCode === null; attempt += 1) {
    if (await listens(port)) return;
    await pause(50);
  }
  await release(keeper);
  throw new Error(`nginx did not start: ${said.join('').slice(-4000)}`);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
