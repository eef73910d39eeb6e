import { setFlagsFromString } from 'node:v8';

/** Those of `npm start`, where their reason is told: docs/how-to/measure.md. */
const YOUNG_SPACE = ['--max-semi-space-size=8', '--min-semi-space-size=8'];

/**
 * What requests leave behind is swept up early rather than piled up. V8 takes the size of the young space at the birth of
 * a process only: one that was started without it becomes one that has it, and keeps its pid, its pipes and its environment.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=20');
  if (process.execArgv.some((flag) => flag.includes('semi-space-size')) || !mayBeReplaced()) return;
  const [program = process.execPath, ...args] = process.argv;
  process.execve?.(program, [program, ...process.execArgv, ...YOUNG_SPACE, ...args]);
}

/** Not where there is no such call, and not when somebody holds on to this very image: a parent's channel, a debugger. */
function mayBeReplaced(): boolean {
  const isHeld = process.connected || process.execArgv.some((flag) => flag.startsWith('--inspect'));
  return process.platform !== 'win32' && !isHeld;
}
