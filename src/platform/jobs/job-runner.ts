import { hostname } from 'node:os';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock, MINUTE } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { JobsRepository } from './jobs.repository.js';

/** A node that dies in a run blocks the job for this long, no longer. */
const LEASE_MS = 10 * MINUTE;

/** Runs a scheduled job on one node only, and keeps how it went. A failing job is told, never thrown at the clock. */
@Injectable()
export class JobRunner implements OnModuleDestroy {
  private readonly logger = new Logger(JobRunner.name);
  private readonly owner = `${hostname()}:${process.pid}`.slice(0, 64);
  private readonly running = new Set<Promise<unknown>>();
  private isClosing = false;

  constructor(
    private readonly jobs: JobsRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** True when this node ran it; false when another one holds it. `work` returns a sentence about what it did. */
  async run(name: string, work: () => Promise<string>): Promise<boolean> {
    if (this.isClosing) return false;
    const run = this.elected(name, work);
    this.running.add(run);
    try {
      return await run;
    } finally {
      this.running.delete(run);
    }
  }

  /** A run that has begun is finished before the database closes. */
  async onModuleDestroy(): Promise<void> {
    this.isClosing = true;
    await Promise.allSettled(this.running);
  }

  private async elected(name: string, work: () => Promise<string>): Promise<boolean> {
    const lease = { name, owner: this.owner, now: this.clock.instant(), until: this.clock.instant(LEASE_MS) };
    try {
      if (!(await this.database.transaction(() => this.jobs.tryLease(lease)))) return false;
      const began = performance.now();
      const result = await this.attempt(name, work);
      const report = {
        finishedAt: this.clock.instant(),
        durationMs: Math.round(performance.now() - began),
        result: result.slice(0, 500),
      };
      await this.database.transaction(() => this.jobs.release(name, this.owner, report));
      return true;
    } catch (error) {
      this.logger.error(error);
      return false;
    }
  }

  private async attempt(name: string, work: () => Promise<string>): Promise<string> {
    try {
      return await work();
    } catch (error) {
      this.logger.error(error);
      return `failed: ${error instanceof Error ? error.message : String(error)} (job ${name})`;
    }
  }
}
