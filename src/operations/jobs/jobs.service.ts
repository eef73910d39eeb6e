import { Injectable } from '@nestjs/common';
import { Conflict, NotFound } from '../../common/errors.js';
import type { Page } from '../../common/page.js';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { JobRunner, type JobState } from '../../platform/jobs/job-runner.js';
import { JobErrors } from './jobs.errors.js';

/** What runs by the clock, how it went, and running it now. */
@Injectable()
export class JobsService {
  constructor(
    private readonly jobs: JobRunner,
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  async list(): Promise<Page<JobState>> {
    const rows = await this.jobs.states();
    return { rows, limit: rows.length, nextCursor: null };
  }

  /** Waits for its end. 409 while a node is at it: two at once would do the work twice. */
  async run(principal: Principal, name: string): Promise<JobState> {
    if (!this.jobs.isRegistered(name)) throw new NotFound(JobErrors.notFound, { name });
    if (!(await this.jobs.run(name))) throw new Conflict(JobErrors.running, { name });
    const state = await this.get(name);
    const after = { name, failed: state.row?.hasFailed ?? null, result: state.row?.result ?? null };
    await this.database.transaction(() => this.audit.record(principal, { event: 'job.run', subject: null, after }));
    return state;
  }

  private async get(name: string): Promise<JobState> {
    const state = (await this.jobs.states()).find(({ job }) => job.name === name);
    if (!state) throw new NotFound(JobErrors.notFound, { name });
    return state;
  }
}
