import { Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Mail } from './mail.service.js';

/** Needs no election: whichever node comes first removes them. */
@Injectable()
export class MailJobs {
  constructor(private readonly mail: Mail) {}

  @Cron(CronExpression.EVERY_DAY_AT_4AM)
  async removeOld(): Promise<void> {
    await this.mail.removeOld();
  }
}
