import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { runCommand } from '../../src/cli/program.js';
import type { TestDatabase } from './database.js';

export interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Typed {
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

const CLI = join(__dirname, '../../dist/src/cli.js');

/** Runs one command line inside this process, on the given database. Not beside a running application: passport is one. */
export async function cli(database: TestDatabase, args: readonly string[], typed: Typed = {}): Promise<Said> {
  const said = { stdout: '', stderr: '' };
  const status = await runCommand(args, {
    environment: environmentOf(database, typed),
    isTerminal: false,
    out: (lines) => void (said.stdout += `${lines}\n`),
    err: (lines) => void (said.stderr += `${lines}\n`),
    input: () => Promise.resolve(typed.input ?? ''),
  });
  return { status, ...said };
}

/** The same with the built program, as a process of its own. */
export async function cliProcess(database: TestDatabase, args: readonly string[], typed: Typed = {}): Promise<Said> {
  const { PATH = '' } = process.env;
  const env = { PATH, ...environmentOf(database, typed) };
  const child = spawn(process.execPath, [CLI, ...args], { cwd: database.dataDir, env, timeout: 30_000 });
  child.stdin.end(typed.input ?? '');
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: status as number, stdout, stderr };
}

function environmentOf(database: TestDatabase, { environment }: Typed): Record<string, string> {
  return { CRM_DATA_DIR: database.dataDir, CRM_DATABASE_URL: database.url ?? '', ...environment };
}

/** What follows a label such as `Password:` up to the next blank. */
export function told({ stdout }: Said, label: string): string {
  const [, value] = new RegExp(`^${label}: (\\S+)`, 'm').exec(stdout) ?? [];
  if (value === undefined) throw new Error(`${label} is not told: ${stdout}`);
  return value;
}
