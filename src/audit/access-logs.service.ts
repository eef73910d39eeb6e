import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Instant } from '../common/clock.js';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { AccessLogBatch } from './access-log-batch.js';
import type { AccessLog } from './access-log.entity.js';
import { AccessLogsRepository, type AccessSummary } from './access-logs.repository.js';
import type { AnsweredRequest } from './answered-request.js';
import { ListAccessLogsQuery } from './audit.dto.js';
import { UsageService } from './usage/usage.service.js';

export type { AccessLog, AccessSummary };

const FLUSH_MS = 250;
/** What a batch costs beside its lines is shared by many, and its text stays far below a megabyte. */
const BATCH = 500;
const SUMMARY_LENGTH = 100;
/** About 20 MB: what waits in memory while the database is away. Beyond it lines are counted, not kept. */
const CAPACITY = 50_000;

/**
 * Keeps a line for every answered request, in batches off the request's path. While the database is away lines wait in
 * bounded memory; what does not fit is counted and told.
 */
@Injectable()
export class AccessLogsService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(AccessLogsService.name);
  /** Those that wait to be written, the oldest first. */
  private readonly full: AccessLogBatch[] = [];
  private current = new AccessLogBatch();
  private spare: AccessLogBatch | null = null;
  private flushing: Promise<void> | null = null;
  private nextFlush: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
  private isFailing = false;
  private droppedSinceTold = 0;
  /** Lines lost since the start because the database was away for too long. */
  dropped = 0;
  written = 0;
  waitingLines = 0;

  constructor(
    private readonly database: Database,
    private readonly entries: AccessLogsRepository,
    private readonly usage: UsageService,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  /** The server has answered its last request by now; what it answered is written before the database closes. */
  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
    if (this.waitingLines > 0) this.logger.error(`${this.waitingLines} access log lines could not be written`);
  }

  append(entry: AnsweredRequest): void {
    if (this.waitingLines >= CAPACITY) {
      this.dropped += 1;
      this.droppedSinceTold += 1;
      return;
    }
    this.current.add(entry);
    this.waitingLines += 1;
    if (this.current.lines < BATCH) return;
    this.close();
    if (!this.flushing && !this.isFailing) void this.write({ all: false });
  }

  /** Resolves when everything appended before the call is written, or could not be. */
  flush(): Promise<void> {
    if (!this.flushing) return this.write({ all: true });
    this.nextFlush ??= this.flushNext();
    return this.nextFlush;
  }

  /** Who still uses the old value of a key, as far as it is written by now. */
  async summariseOutdated(apiKeyId: number, since: Instant): Promise<AccessSummary[]> {
    await this.flush();
    return this.entries.summariseOutdated(apiKeyId, since, SUMMARY_LENGTH);
  }

  list(query: ListAccessLogsQuery): Promise<Page<AccessLog>> {
    return this.entries.list(query);
  }

  private close(): void {
    this.full.push(this.current);
    this.current = this.spare ?? new AccessLogBatch();
    this.spare = null;
  }

  /** One for all who ask meanwhile: the timer goes on while a silent database is waited for, for minutes perhaps. */
  private async flushNext(): Promise<void> {
    while (this.flushing) await this.flushing;
    this.nextFlush = null;
    await this.write({ all: true });
  }

  private write({ all }: { all: boolean }): Promise<void> {
    this.flushing = this.writeOldest(all).finally(() => (this.flushing = null));
    return this.flushing;
  }

  /**
   * What comes in meanwhile fills a batch of its own, or a busy server would write it a few lines at a time. And while the
   * database is away every batch but the first is full: each takes the memory of a full one.
   */
  private async writeOldest(all: boolean): Promise<void> {
    for (let isCurrentDue = all; ;) {
      if (this.full.length === 0 && isCurrentDue && this.current.lines > 0) {
        this.close();
        isCurrentDue = false;
      }
      const [batch] = this.full;
      if (!batch) return;
      try {
        await this.database.transaction(() => this.insert(batch));
      } catch (error) {
        this.tellFailure(error);
        return;
      }
      this.full.shift();
      this.written += batch.lines;
      this.waitingLines -= batch.lines;
      batch.clear();
      this.spare = batch;
      this.tellRecovery();
    }
  }

  /** The lines first: drawing their ids keeps other nodes waiting, so none of them holds a counter that we need. */
  private async insert(batch: AccessLogBatch): Promise<void> {
    await this.entries.insert(batch);
    await this.usage.record(batch.usage);
  }

  private tellFailure(error: unknown): void {
    if (!this.isFailing) this.logger.warn(`cannot write the access log; lines wait in memory: ${String(error)}`);
    this.isFailing = true;
  }

  private tellRecovery(): void {
    if (this.isFailing)
      this.logger.warn(`writing the access log again; ${this.droppedSinceTold} lines were lost meanwhile`);
    this.isFailing = false;
    this.droppedSinceTold = 0;
  }
}
