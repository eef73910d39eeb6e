import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { RetentionService } from './retention.service.js';

@Injectable()
export class AuditJobs {
  constructor(
    private readonly jobs: JobRunner,
    private readonly retention: RetentionService,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM)
  async applyRetention(): Promise<void> {
    await this.jobs.run('retention', () => this.retention.apply());
  }
}
