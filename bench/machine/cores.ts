import { readFileSync } from 'node:fs';
import { findExecutables } from '../../test/support/apt.ts';

/** One core for the measured server alone, the others for the database and whoever asks. */
export interface Cores {
  /** Commands that run what follows them on those cores; empty where nothing can be pinned. */
  readonly server: readonly string[];
  readonly others: readonly string[];
  /** For the report. */
  readonly text: string;
}

export function divideCores(): Cores {
  const [taskset] = findExecutables('taskset');
  const [first, ...rest] = allowed();
  if (!taskset || first === undefined || rest.length === 0) {
    return { server: [], others: [], text: 'not pinned: no taskset here, or only one core' };
  }
  const others = rest.join(',');
  return {
    server: [taskset, '-c', String(first)],
    others: [taskset, '-c', others],
    text: `server on core ${first}, database and load generator on ${others}`,
  };
}

/** A container may have been given any of the machine's cores. */
function allowed(): number[] {
  const [, list = ''] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readIfThere('/proc/self/status')) ?? [];
  return list.split(',').flatMap((range) => {
    const [from = NaN, to = from] = range.split('-').map(Number);
    return Number.isNaN(from) ? [] : Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
