import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpuMillis, residentMegabytes } from '../machine/usage.ts';

const RUNNING = /is running at (http:\S+)\r?\n/;

export interface Command {
  readonly command: readonly string[];
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A system under measurement, as a process of its own. It says `… is running at URL` once it listens. */
export class Server {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  static async start({ command, folder, environment }: Command): Promise<Server> {
    const [program = '', ...args] = command;
    const env = { PATH: process.env.PATH ?? '', NODE_ENV: 'production', ...environment };
    const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): boolean => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('close', () => process.off('exit', kill));
    return new Server(child, await announced(child));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  cpuMillis(): number {
    return cpuMillis(this.pid);
  }

  residentMegabytes(): number {
    return residentMegabytes(this.pid);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const closed = once(this.child, 'close');
    this.child.kill('SIGTERM');
    await closed;
  }
}

function announced(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string): void => {
      // What a server says later is heard too, or its pipe would fill; it is not kept.
      if (said.length < 100_000) said += text;
      const [, url] = RUNNING.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    child.once('close', () => reject(new Error(`It did not start: ${said}`)));
  });
}
