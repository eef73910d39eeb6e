import { Logger } from '@nestjs/common';
import { loadConfig } from './config.loader.js';
import { type ConfigSource, processSource, UnreadableConfig } from './config.source.js';
import { ConfigError, type ConfigProblem } from './config-problem.js';
import type { CrmConfig } from './crm-config.js';

/** A second pass over a configuration by a floor that knows more, such as which roles there are. */
export type ConfigCheck = (candidate: CrmConfig) => ConfigProblem[] | Promise<ConfigProblem[]>;
export type ConfigListener = (config: CrmConfig) => void | Promise<void>;

const POLL_MILLIS = 1_000;

/**
 * The configuration in force. When the file changes the whole object is swapped, after every check has passed; anything
 * wrong keeps the last good one. Ask `current` each time: a kept object is a configuration of the past.
 */
export class LiveConfig {
  private config: CrmConfig;
  private stamp: string | null;
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> = Promise.resolve();
  private readonly checks: ConfigCheck[] = [];
  private readonly listeners: ConfigListener[] = [];
  private readonly logger = new Logger(LiveConfig.name);
  /** Whether the file as it is now was refused, so that an older one is in force. */
  isRefused = false;

  private constructor(private readonly source: ConfigSource) {
    // The stamp before the text: a change in between is then seen by the next poll instead of by none.
    this.stamp = source.stamp?.() ?? null;
    this.config = load(source);
  }

  /** From any source; throws a `ConfigError` that lists everything wrong. */
  static fromSource(source: ConfigSource): LiveConfig {
    return new LiveConfig(source);
  }

  /** From the file and the environment of this process. */
  static fromProcess(): LiveConfig {
    return new LiveConfig(processSource());
  }

  get current(): CrmConfig {
    return this.config;
  }

  registerCheck(check: ConfigCheck): void {
    this.checks.push(check);
  }

  /** Called after each swap, in order of registration, with the new configuration. */
  onChange(listener: ConfigListener): void {
    this.listeners.push(listener);
  }

  /** The second pass, before listening: throws one `ConfigError` with the problems of all checks. */
  async verify(): Promise<void> {
    await this.check(this.config);
  }

  /** Reads the file again. Never throws: what is wrong is logged, and the last good configuration stays. */
  reload(): Promise<void> {
    // One after the other: two reloads at once could end with the older text in force.
    this.running = this.running.then(() => this.reloadNow());
    return this.running;
  }

  /** Reloads when the file changes. Polled, because file events are lost on network and container file systems. */
  watch(): void {
    const { stamp } = this.source;
    if (!stamp || this.timer) return;
    this.timer = setInterval(() => this.poll(stamp), POLL_MILLIS);
    this.timer.unref();
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private poll(stamp: () => string | null): void {
    const seen = stamp();
    if (seen === this.stamp) return;
    this.stamp = seen;
    void this.reload();
  }

  private async reloadNow(): Promise<void> {
    let candidate: CrmConfig;
    try {
      candidate = { ...this.readAgain(), environment: this.config.environment };
      Object.freeze(candidate);
      await this.check(candidate);
    } catch (error) {
      this.isRefused = true;
      this.logger.warn(`The configuration was not changed; the last good one stays in force.\n${reasonOf(error)}`);
      return;
    }
    this.config = candidate;
    this.isRefused = false;
    this.logger.log([`${this.source.file} was read again and is in force.`, ...candidate.warnings].join('\n'));
    await this.announce(candidate);
  }

  private readAgain(): CrmConfig {
    const text = readOf(this.source);
    // A file that is gone or empty is most likely being replaced; nobody's keys shall die of that.
    const isGone = text.text === null && text.unreadable === null;
    if (isGone) throw problemOf(this.source, 'there is no file');
    if (text.text?.trim() === '') throw problemOf(this.source, 'the file is empty; write {} to return to the defaults');
    return loadConfig({ ...text, file: this.source.file, environment: this.source.environment });
  }

  private async check(candidate: CrmConfig): Promise<void> {
    const problems = (await Promise.all(this.checks.map(async (check) => check(candidate)))).flat();
    if (problems.length > 0) throw new ConfigError(this.source.file, problems);
  }

  private async announce(config: CrmConfig): Promise<void> {
    for (const listener of this.listeners) {
      try {
        await listener(config);
      } catch (error) {
        this.logger.error('A part of the server could not take over the new configuration', error);
      }
    }
  }
}

function load(source: ConfigSource): CrmConfig {
  return loadConfig({ ...readOf(source), file: source.file, environment: source.environment });
}

function readOf(source: ConfigSource): { text: string | null; unreadable: string | null } {
  try {
    return { text: source.read(), unreadable: null };
  } catch (error) {
    return { text: null, unreadable: error instanceof UnreadableConfig ? error.message : 'cannot be read' };
  }
}

function problemOf(source: ConfigSource, message: string): ConfigError {
  return new ConfigError(source.file, [{ path: '', line: null, message }]);
}

/** Of an error that nobody foresaw only the name: its message may quote the file. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  return `A check failed: ${error instanceof Error ? error.name : 'unknown error'}`;
}
