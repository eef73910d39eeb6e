import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { TestDatabase } from './database.js';

const MAIN = join(__dirname, '../../dist/src/main.js');
const START_MS = 30_000;
const STEP_MS = 20;

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Another way to run it than `node dist/src/main.js`; gets that command. */
  readonly command?: (server: string[]) => string[];
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built server as a process of its own. Every one that a suite starts is ended by `endAll`, by its own pid. */
export class ServerProcess {
  private static readonly running = new Set<ServerProcess>();
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;

  private constructor(private readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.ended = once(child, 'close').then(([code, signal]) => {
      ServerProcess.running.delete(this);
      return { code, signal };
    });
  }

  /** Starts it on any free port, in the data folder, where no configuration of the developer's lies. */
  static spawn(database: TestDatabase, { environment, command }: StartOptions = {}): ServerProcess {
    const [program = '', ...args] = command?.([process.execPath, MAIN]) ?? [process.execPath, MAIN];
    const { PATH = '' } = process.env;
    const settings = { CRM_DATA_DIR: database.dataDir, CRM_DATABASE_URL: database.url ?? '', CRM_PORT: '0' };
    const env = { PATH, ...settings, ...environment };
    const child = spawn(program, args, { cwd: database.dataDir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const server = new ServerProcess(child);
    ServerProcess.running.add(server);
    return server;
  }

  /** The same, once it listens. */
  static async start(database: TestDatabase, options: StartOptions = {}): Promise<ServerProcess> {
    const server = ServerProcess.spawn(database, options);
    await server.until(/is running at \S+\r?\n/);
    return server;
  }

  static async endAll(): Promise<void> {
    for (const server of ServerProcess.running) server.kill('SIGKILL');
    await Promise.all([...ServerProcess.running].map(({ ended }) => ended));
  }

  get url(): string {
    const [, url] = /is running at (\S+)/.exec(this.stdout) ?? [];
    if (url === undefined) throw new Error(`It does not run: ${this.stdout}${this.stderr}`);
    return url;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Waits until standard output says so; an early end or half a minute is a failure that shows what it said. */
  async until(pattern: RegExp): Promise<void> {
    for (let waited = 0; !pattern.test(this.stdout); waited += STEP_MS) {
      if (this.child.exitCode !== null || waited > START_MS) throw new Error(this.stdout + this.stderr);
      await pause(STEP_MS);
    }
  }
}

/** Asks until the answer is the one that is waited for, a quarter of a minute at most. */
export async function eventually<T>(ask: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (let left = 150; ; left -= 1) {
    const answer = await ask();
    if (isIt(answer) || left === 0) return answer;
    await pause(100);
  }
}
