import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findExecutables, installOrExplain } from './apt.js';
import { freePort } from './free-port.js';
import { keep, release } from './keep.js';
import { eventually } from './server-process.js';

const HOW_TO_GET_ONE =
  'The tests let a real Prometheus scrape the server and found none: install it (Debian: apt-get install prometheus).';

export interface Prometheus {
  /** Where its files lie. */
  readonly folder: string;
  /** Asks its own API, which answers with what stands under `data`. */
  ask(path: string): Promise<any>;
  stop(): Promise<void>;
}

/** A private Prometheus with files of these texts, by name; whatever the system's own one does is none of its business. */
export async function startPrometheus(
  files: (folder: string) => Readonly<Record<string, string>>,
): Promise<Prometheus> {
  const binary = find('prometheus');
  const folder = mkdtempSync(join(process.env.CRM_TEST_FOLDER ?? tmpdir(), 'prometheus-'));
  for (const [name, text] of Object.entries(files(folder))) writeFileSync(join(folder, name), text, { mode: 0o600 });
  const port = await freePort();
  const keeper = keep(
    folder,
    binary,
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  );
  const said: string[] = [];
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const isReady = await eventually(
    () =>
      fetch(`http://127.0.0.1:${port}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    (ready) => ready || keeper.exitCode !== null,
  );
  if (!isReady) {
    await release(keeper);
    throw new Error(`Prometheus did not start: ${said.join('').slice(-4000)}`);
  }
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    return ((await answer.json()) as { data: unknown }).data;
  };
  return { folder, ask, stop: () => release(keeper) };
}

/** What promtool says, and whether it was content. */
export function promtool(args: string[], input = ''): { status: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(find('promtool'), args, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

/** A package with pages and fonts of its own: where it is missing, fetching it takes longer than a test may. */
export function installPrometheus(): void {
  find('prometheus');
}

function find(program: 'prometheus' | 'promtool'): string {
  const [found] = findExecutables(program);
  if (found) return found;
  installOrExplain(['prometheus'], HOW_TO_GET_ONE);
  const [installed] = findExecutables(program);
  if (!installed) throw new Error(HOW_TO_GET_ONE);
  return installed;
}
