import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { JobRunner } from '../platform/jobs/job-runner.js';
import { ApiKeysService } from './api-keys.service.js';
import { RotationService } from './rotation/rotation.service.js';

@Injectable()
export class ApiKeysJobs implements OnApplicationBootstrap {
  constructor(
    private readonly jobs: JobRunner,
    private readonly apiKeys: ApiKeysService,
    private readonly rotations: RotationService,
  ) {}

  /** At start, for what happened while nobody was running. */
  async onApplicationBootstrap(): Promise<void> {
    await this.announceExpiry();
  }

  @Cron(CronExpression.EVERY_HOUR)
  async announceExpiry(): Promise<void> {
    await this.jobs.run('api-key-expiry', () => this.apiKeys.announceStatusChanges());
    await this.jobs.run('api-key-rotations', async () => `${await this.rotations.removeOver()} rotations ended`);
  }
}
