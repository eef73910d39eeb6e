import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { SessionsService } from './sessions.service.js';

@Injectable()
export class AuthJobs {
  constructor(
    private readonly jobs: JobRunner,
    private readonly sessions: SessionsService,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_3AM)
  async removeSessions(): Promise<void> {
    await this.jobs.run('session-clean-up', () => this.sessions.removeOver());
  }
}
