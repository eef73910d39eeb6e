import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

// Servers live in folders that a user's PATH often lacks.
const SYSTEM_FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/usr/libexec'];

/** Every executable of one of these names, in the order of the names, then of PATH. */
export function findExecutables(...names: string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).concat(SYSTEM_FOLDERS).filter(Boolean);
  const paths = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...new Set(paths)].filter(isExecutable);
}

/**
 * Installs Debian packages, where this is Debian and we are root; says so on stderr.
 * @throws with `otherwise`, a sentence that tells how to go on by hand, where it cannot.
 */
export function installOrExplain(packages: string[], otherwise: string): void {
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0 || findExecutables('apt-get').length === 0) {
    throw new Error(otherwise);
  }
  process.stderr.write(`Missing here: ${packages.join(', ')}. Installing with apt-get.\n`);
  try {
    apt('update');
    apt('install', '--yes', '--no-install-recommends', ...packages);
  } catch (cause) {
    throw new Error(`${otherwise}\n${String(cause)}`, { cause });
  }
}

/** Two workers can miss the same package at once, and apt does not wait for who holds its lists: one after the other. */
const TURN = join(tmpdir(), 'crm-apt.lock');

function apt(...args: string[]): void {
  const { status, error, stdout, stderr } = spawnSync(
    'flock',
    [TURN, 'apt-get', '--quiet', '-o', 'DPkg::Lock::Timeout=120', ...args],
    {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  if (error || status !== 0) {
    throw new Error(`apt-get ${args.join(' ')} failed: ${error?.message ?? `${stdout}${stderr}`.slice(-2000)}`);
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
