import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Clock } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { LIFE_MS } from './idempotency.pipe.js';
import { IdempotencyRepository } from './idempotency.repository.js';

/** Needs no election: whichever node comes first removes them. Until then a key that is over counts for nothing anyway. */
@Injectable()
export class IdempotencyJobs {
  constructor(
    private readonly database: Database,
    private readonly keys: IdempotencyRepository,
    private readonly clock: Clock,
  ) {}

  @Cron(CronExpression.EVERY_HOUR)
  async removeOver(): Promise<void> {
    await this.database.transaction(() => this.keys.removeOlderThan(this.clock.instant(-LIFE_MS)));
  }
}
