import { readFileSync } from 'node:fs';

/** The kernel counts in hundredths of a second, whatever its own clock does. */
const TICK_MS = 10;

/** CPU time that a process and its threads have used so far, in milliseconds; NaN where there is no /proc. */
export function cpuMillis(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  // The second field is the program's name, which may hold blanks and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

/** Memory that a process holds now, in megabytes; NaN where there is no /proc. */
export function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return Number(kilobytes) / 1_024;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
