import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { ChallengesService } from './two-factor/challenges.service.js';
import { SessionsService } from './sessions.service.js';

const DAILY = CronExpression.EVERY_DAY_AT_3AM;

@Injectable()
export class AuthJobs {
  constructor(
    private readonly jobs: JobRunner,
    sessions: SessionsService,
    challenges: ChallengesService,
  ) {
    const description = 'Removes sessions that are long over.';
    const work = async (): Promise<string> => {
      const left = await challenges.removeOver();
      return `${await sessions.removeOver()}, ${left} login challenges removed`;
    };
    jobs.register({ name: 'session-clean-up', description, schedule: DAILY, work });
  }

  @Cron(DAILY)
  async removeSessions(): Promise<void> {
    await this.jobs.run('session-clean-up');
  }
}
