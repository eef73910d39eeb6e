import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** A process that lives as long as this one; see keeper.mjs. */
export type Keeper = ChildProcessByStdio<Writable, Readable, Readable>;

/** Runs a command, if there is one, until `release` or our own end; then the folder is removed. */
export function keep(folder: string, ...command: string[]): Keeper {
  // In a process group of its own: Ctrl-C at the terminal ends the run, and the end of the run ends what is kept.
  const keeper = spawn(process.execPath, [join(import.meta.dirname, 'keeper.mjs'), folder, ...command], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  keeper.unref();
  return keeper;
}

export async function release(keeper: Keeper): Promise<void> {
  if (keeper.exitCode === null && keeper.signalCode === null) {
    keeper.ref(); // or Node would see nothing left to wait for, and end the run with status 0
    keeper.stdin.end();
    await once(keeper, 'exit');
  }
}

declare global {
  // Jest loads set-up and tear-down apart from each other, in one process.
  var keeperOfThisRun: Keeper | undefined;
}

/** The folder of everything that the tests of this run write. The workers inherit its name. */
export function openRunFolder(): void {
  if (!globalThis.keeperOfThisRun) {
    process.env.CRM_TEST_FOLDER = mkdtempSync(join(tmpdir(), 'crm-tests-'));
    globalThis.keeperOfThisRun = keep(process.env.CRM_TEST_FOLDER);
  }
}

export async function closeRunFolder(): Promise<void> {
  if (globalThis.keeperOfThisRun) {
    await release(globalThis.keeperOfThisRun);
    globalThis.keeperOfThisRun = undefined;
  }
}
