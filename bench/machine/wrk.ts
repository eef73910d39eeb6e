import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { findExecutables, installOrExplain } from '../../test/support/apt.ts';

/** What is asked again and again. `{id:N}` in the path and `{n}` in the body vary, see wrk.lua. */
export interface Request {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What the load generator saw; times in milliseconds. */
export interface Figures {
  readonly requests: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** Answers of 400 and more. */
  readonly refused: number;
  /** Connections that failed and answers that did not come. */
  readonly broken: number;
}

/** Beyond it wrk counts an answer as one that did not come. A slow answer is slow, and is told as that. */
const TIMEOUT = '30s';

const OTHERWISE =
  'The benchmark asks with wrk, and it is not installed: apt-get install wrk, brew install wrk, or alike.';

export class LoadGenerator {
  private readonly command: readonly string[];

  constructor(through: readonly string[]) {
    this.command = [...through, find()];
  }

  /** Asks over so many connections, each as soon as it has its answer, for whole seconds. */
  async ask(url: string, request: Request, { seconds, connections = 32 }: Pace): Promise<Figures> {
    const headers = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    const asked = [request.method ?? 'GET', request.path, request.body ?? '', ...headers];
    const options = [
      '-t1',
      `-c${connections}`,
      `-d${seconds}s`,
      '--timeout',
      TIMEOUT,
      '-s',
      join(import.meta.dirname, 'wrk.lua'),
    ];
    const [program = '', ...args] = [...this.command, ...options, url, '--', ...asked];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = await text(child.stdout);
    const line = said.split('\n').findLast((it) => it.startsWith('{'));
    if (line === undefined) throw new Error(`wrk did not come to its end: ${said}`);
    return JSON.parse(line) as Figures;
  }
}

export interface Pace {
  readonly seconds: number;
  readonly connections?: number;
}

function find(): string {
  const known = findExecutables('wrk')[0];
  if (known) return known;
  installOrExplain(['wrk'], OTHERWISE);
  const [installed] = findExecutables('wrk');
  if (!installed) throw new Error(OTHERWISE);
  return installed;
}
