import { Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Database } from './database.js';
import { RevisionRow } from './revision.entity.js';

/** What verified credentials are built from; a change of any of them makes cached ones stale. */
export type RevisionKind = 'api_keys' | 'roles' | 'sessions' | 'settings' | 'users';

const POLL_MS = 500;
/** Without a successful poll for so long nobody knows what other nodes changed: caches are not to be believed. */
const TRUSTED_MS = 1_000;

/**
 * Says when cached rights are stale. The node that makes a change knows at its commit; every other node within
 * one poll (spec: within one second). When polling fails, `isFresh()` turns false and callers ask the database.
 */
@Injectable()
export class Revisions implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(Revisions.name);
  private readonly listeners: (() => void)[] = [];
  private known = '';
  private polledAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;
  /** Grows with each change seen. Who fills a cache compares it before and after reading. */
  epoch = 0;

  constructor(private readonly database: Database) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.poll();
    this.timer = setInterval(() => void this.poll(), POLL_MS);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  isFresh(): boolean {
    return performance.now() - this.polledAt < TRUSTED_MS;
  }

  onStale(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** To be called inside the transaction that makes the change. */
  async bump(kind: RevisionKind): Promise<void> {
    if (!this.database.isInTransaction()) throw new Error('a revision is bumped in the transaction of its change');
    await this.database.repository(RevisionRow).increment({ kind }, 'value', 1);
    await this.database.onCommit(() => this.stale());
  }

  /**
   * Waits until no other node changes things of this kind, and keeps the others waiting until the transaction ends: for
   * what all nodes find missing at the same first start.
   */
  async claim(kind: RevisionKind): Promise<void> {
    const lock = this.database.writeLock;
    await this.database.repository(RevisionRow).findOne({ where: { kind }, ...(lock ? { lock } : {}) });
  }

  /** For what is cached here and hangs on more than the database; everything else is told by `bump`. */
  stale(): void {
    this.epoch += 1;
    for (const listener of this.listeners) listener();
  }

  private async poll(): Promise<void> {
    try {
      // The time before the query: what is read is at least as new as that.
      const asked = performance.now();
      const rows = await this.database.repository(RevisionRow).find({ order: { kind: 'ASC' } });
      const seen = rows.map((row) => `${row.kind}=${row.value}`).join();
      if (seen !== this.known) this.stale();
      this.known = seen;
      this.polledAt = asked;
      this.isFailing = false;
    } catch (error) {
      // Once: it would be said twice a second for as long as the database is away.
      if (!this.isFailing) {
        this.logger.warn(`cannot read revisions; asking the database for every credential meanwhile: ${String(error)}`);
      }
      this.isFailing = true;
    }
  }
}
