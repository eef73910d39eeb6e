import { Injectable } from '@nestjs/common';
import { Brackets } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { JobRow } from './job.entity.js';

export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly now: Instant;
  readonly until: Instant;
}

export interface RunReport {
  readonly finishedAt: Instant;
  readonly durationMs: number;
  readonly hasFailed: boolean;
  readonly result: string;
}

@Injectable()
export class JobsRepository {
  constructor(private readonly database: Database) {}

  /** One conditional update elects the runner: it touches the row only when nobody holds it. */
  async tryLease(lease: Lease): Promise<boolean> {
    await this.ensureRow(lease.name);
    const taken = await this.database
      .repository(JobRow)
      .createQueryBuilder()
      .update()
      .set({ lockedBy: lease.owner, lockedUntil: lease.until, startedAt: lease.now })
      .where('name = :name', { name: lease.name })
      .andWhere(
        new Brackets((where) =>
          where.where('locked_until IS NULL').orWhere('locked_until <= :now', { now: lease.now }),
        ),
      )
      .execute();
    return taken.affected === 1;
  }

  async release(name: string, owner: string, report: RunReport): Promise<void> {
    await this.database
      .repository(JobRow)
      .update({ name, lockedBy: owner }, { ...report, lockedBy: null, lockedUntil: null });
  }

  all(): Promise<JobRow[]> {
    return this.database.repository(JobRow).find();
  }

  private async ensureRow(name: string): Promise<void> {
    const rows = this.database.repository(JobRow);
    if (await rows.existsBy({ name })) return;
    await rows.createQueryBuilder().insert().values({ name }).orIgnore().execute();
  }
}
