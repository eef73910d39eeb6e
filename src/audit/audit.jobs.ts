import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { RetentionService } from './retention.service.js';

const DAILY = CronExpression.EVERY_DAY_AT_4AM;

@Injectable()
export class AuditJobs {
  constructor(
    private readonly jobs: JobRunner,
    retention: RetentionService,
  ) {
    const description = 'Removes records, usage counts and events that are past their age.';
    jobs.register({ name: 'retention', description, schedule: DAILY, work: () => retention.apply() });
  }

  @Cron(DAILY)
  async applyRetention(): Promise<void> {
    await this.jobs.run('retention');
  }
}
