import { hostname } from 'node:os';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Clock, MINUTE } from '../../common/clock.js';
import { Database } from '../database/database.js';
import type { JobRow } from './job.entity.js';
import { JobsRepository, type RunReport } from './jobs.repository.js';

/** A node that dies in a run blocks the job for this long, no longer. */
const LEASE_MS = 10 * MINUTE;
const RESULT_LENGTH = 500;

/** Something that runs by the clock. Features register theirs, so that one list shows them all. */
export interface Job {
  readonly name: string;
  /** One sentence for the operator. */
  readonly description: string;
  /** A cron expression with seconds. */
  readonly schedule: string;
  /** Returns a sentence about what it did. */
  readonly work: () => Promise<string>;
}

/** A job and how its last run went; the row is null before the first one. */
export interface JobState {
  readonly job: Job;
  readonly row: JobRow | null;
  readonly isRunning: boolean;
}

/** How often this process ran a job, by how it went. */
export interface RunCounts {
  readonly succeeded: number;
  readonly failed: number;
}

/** Runs a scheduled job on one node only, and keeps how it went. A failing job is told, never thrown at the clock. */
@Injectable()
export class JobRunner implements OnModuleDestroy {
  private readonly logger = new Logger(JobRunner.name);
  private readonly owner = `${hostname()}:${process.pid}`.slice(0, 64);
  private readonly registered = new Map<string, Job>();
  private readonly running = new Set<Promise<unknown>>();
  private readonly ends = new Map<string, RunCounts>();
  private isClosing = false;

  constructor(
    private readonly jobs: JobsRepository,
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  register(job: Job): void {
    this.registered.set(job.name, job);
    this.ends.set(job.name, { succeeded: 0, failed: 0 });
  }

  isRegistered(name: string): boolean {
    return this.registered.has(name);
  }

  /** By name, in alphabetical order. */
  async states(): Promise<JobState[]> {
    const rows = new Map((await this.jobs.all()).map((row) => [row.name, row]));
    const now = this.clock.instant();
    return [...this.registered.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((job) => {
        const row = rows.get(job.name) ?? null;
        return { job, row, isRunning: row !== null && row.lockedUntil !== null && row.lockedUntil > now };
      });
  }

  /** By the name of the job. */
  runCounts(): ReadonlyMap<string, RunCounts> {
    return this.ends;
  }

  /** True when this node ran it; false when another one holds it, or this one is closing. */
  async run(name: string): Promise<boolean> {
    const job = this.registered.get(name);
    if (!job) throw new Error(`there is no job ${name}`);
    if (this.isClosing) return false;
    const run = this.elected(job);
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

  private async elected({ name, work }: Job): Promise<boolean> {
    const lease = { name, owner: this.owner, now: this.clock.instant(), until: this.clock.instant(LEASE_MS) };
    try {
      if (!(await this.database.transaction(() => this.jobs.tryLease(lease)))) return false;
      const began = performance.now();
      const outcome = await this.attempt(work);
      this.count(name, outcome);
      const report = {
        ...outcome,
        finishedAt: this.clock.instant(),
        durationMs: Math.round(performance.now() - began),
      };
      await this.database.transaction(() => this.jobs.release(name, this.owner, report));
      return true;
    } catch (error) {
      this.logger.error(error);
      return false;
    }
  }

  private count(name: string, { hasFailed }: Pick<RunReport, 'hasFailed'>): void {
    const { succeeded = 0, failed = 0 } = this.ends.get(name) ?? {};
    this.ends.set(name, { succeeded: succeeded + Number(!hasFailed), failed: failed + Number(hasFailed) });
  }

  private async attempt(work: () => Promise<string>): Promise<Pick<RunReport, 'hasFailed' | 'result'>> {
    try {
      return { hasFailed: false, result: (await work()).slice(0, RESULT_LENGTH) };
    } catch (error) {
      this.logger.error(error);
      const reason = error instanceof Error ? error.message : String(error);
      return { hasFailed: true, result: `failed: ${reason}`.slice(0, RESULT_LENGTH) };
    }
  }
}
