import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { ChallengesService } from './two-factor/challenges.service.js';
import { AccountTokensService } from '../users/account-tokens/account-tokens.service.js';
import { SessionsService } from './sessions.service.js';

const DAILY = CronExpression.EVERY_DAY_AT_3AM;

@Injectable()
export class AuthJobs {
  constructor(
    private readonly jobs: JobRunner,
    sessions: SessionsService,
    challenges: ChallengesService,
    tokens: AccountTokensService,
  ) {
    const description = 'Removes sessions that are long over.';
    const work = async (): Promise<string> => {
      const left = await challenges.removeOver();
      return `${await sessions.removeOver()}, ${left} login challenges removed`;
    };
    jobs.register({ name: 'session-clean-up', description, schedule: DAILY, work });
    jobs.register({
      name: 'account-token-clean-up',
      description: 'Removes mailed tokens that are long over.',
      schedule: DAILY,
      work: () => tokens.removeOver(),
    });
  }

  @Cron(DAILY)
  async removeSessions(): Promise<void> {
    await this.jobs.run('session-clean-up');
  }

  @Cron(DAILY)
  async removeTokens(): Promise<void> {
    await this.jobs.run('account-token-clean-up');
  }
}
