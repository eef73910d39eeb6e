import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { AlertsService } from './alerts/alerts.service.js';
import { ExpiryService } from './expiry/expiry.service.js';
import { RotationService } from './rotation/rotation.service.js';

const HOURLY = CronExpression.EVERY_HOUR;
const OFTEN = CronExpression.EVERY_5_MINUTES;

@Injectable()
export class ApiKeysJobs implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: JobRunner,
    expiry: ExpiryService,
    rotations: RotationService,
    alerts: AlertsService,
  ) {
    jobs.register({
      name: 'api-key-expiry',
      description: 'Announces API keys that expire soon or have expired, and gives notice before that.',
      schedule: HOURLY,
      work: () => expiry.announce(),
    });
    jobs.register({
      name: 'api-key-rotations',
      description: 'Forgets old values of API keys that are past their time.',
      schedule: HOURLY,
      work: () => rotations.removeOver(),
    });
    jobs.register({
      name: 'api-key-alerts',
      description: 'Looks for unusual use of API keys: new addresses, use after silence, sudden volume.',
      schedule: OFTEN,
      work: () => alerts.look(),
    });
  }

  /** At start, for what happened while nobody was running. */
  async onApplicationBootstrap(): Promise<void> {
    await this.announceExpiry();
  }

  @Cron(HOURLY)
  async announceExpiry(): Promise<void> {
    await this.jobs.run('api-key-expiry');
    await this.jobs.run('api-key-rotations');
  }

  @Cron(OFTEN)
  async lookForAlerts(): Promise<void> {
    await this.jobs.run('api-key-alerts');
  }
}
