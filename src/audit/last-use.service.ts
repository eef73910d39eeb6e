import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { type Instant, MINUTE, toMillis } from '../common/clock.js';
import { type Principal, principalKey, type PrincipalKind } from '../common/principal.js';
import { Database } from '../platform/database/database.js';

export interface LastUse {
  readonly at: Instant;
  readonly address: string;
}

/** Whose last use is kept: a principal's, and beside it that of the session through which a user came. */
type LastUseKind = PrincipalKind | 'session';

/** A principal's own feature writes where it wants to see it; audit knows no table of principals. */
export type LastUseSink = (principal: Principal, use: LastUse) => Promise<void>;

const FLUSH_MS = 1_000;

/** When and from where each principal was last seen: gathered in memory, written at most once a minute each (U3). */
@Injectable()
export class LastUseService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(LastUseService.name);
  private readonly sinks = new Map<LastUseKind, LastUseSink>();
  private readonly written = new Map<string, number>();
  private waiting = new Map<string, { kind: LastUseKind; principal: Principal; use: LastUse }>();
  private flushing: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly database: Database) {}

  register(kind: LastUseKind, sink: LastUseSink): void {
    this.sinks.set(kind, sink);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  /** At the end everything that was seen is written, however recent the last write. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flushing;
    this.written.clear();
    await this.flush();
  }

  note(principal: Principal, use: LastUse): void {
    const { kind, sessionId } = principal;
    this.waiting.set(principalKey(principal), { kind, principal, use });
    if (sessionId !== null) this.waiting.set(`session:${sessionId}`, { kind: 'session', principal, use });
  }

  /** One after the other: at shutdown the last one also waits for what the one before has begun. */
  flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.writeDue());
    return this.flushing;
  }

  private async writeDue(): Promise<void> {
    const due = [...this.waiting].filter(([key, { use }]) => this.isDue(key, toMillis(use.at)));
    for (const [key, { kind, principal, use }] of due) {
      this.waiting.delete(key);
      this.written.set(key, toMillis(use.at));
      await this.write(kind, principal, use);
    }
    // A principal that was not seen for a minute needs no memory of its last write.
    const latest = Math.max(0, ...due.map(([, { use }]) => toMillis(use.at)));
    for (const [key, at] of this.written) if (at <= latest - MINUTE) this.written.delete(key);
  }

  private isDue(key: string, now: number): boolean {
    return now - (this.written.get(key) ?? -Infinity) >= MINUTE;
  }

  private async write(kind: LastUseKind, principal: Principal, use: LastUse): Promise<void> {
    try {
      await this.database.transaction(async () => this.sinks.get(kind)?.(principal, use));
    } catch (error) {
      this.logger.warn(`cannot write the last use of ${kind} ${principal.id ?? ''}: ${String(error)}`);
    }
  }
}
