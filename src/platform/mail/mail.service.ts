import { Injectable } from '@nestjs/common';
import { Clock, DAY } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { randomBase62 } from '../secrets/key-format.js';
import { type Letter, render } from './letter.js';
import type { MailStatus } from './mail-message.entity.js';
import { MailSeal } from './mail-seal.js';
import { MailSender } from './mail-sender.js';
import { MailRepository } from './mail.repository.js';

export type { Letter, Part } from './letter.js';

const KEY_LENGTH = 24;
/** How long the outbox remembers that a mail went out, or did not. */
const KEPT_DAYS = 30;
const BATCH = 500;

/**
 * Mail is written into an outbox in the transaction of its cause, so it goes out exactly when the change is made, and a
 * mail server that is away loses nothing (N2).
 */
@Injectable()
export class Mail {
  constructor(
    private readonly database: Database,
    private readonly messages: MailRepository,
    private readonly sealing: MailSeal,
    private readonly sender: MailSender,
    private readonly clock: Clock,
  ) {}

  async send(to: string, letter: Letter): Promise<void> {
    if (!this.database.isInTransaction()) throw new Error('a mail is written in the transaction of its cause');
    const now = this.clock.instant();
    const messageKey = randomBase62(KEY_LENGTH);
    await this.messages.insert({
      messageKey,
      template: letter.template,
      recipient: to,
      subject: letter.subject,
      ...this.sealing.seal(messageKey, render(letter)),
      status: 'waiting',
      attempts: 0,
      nextAttemptAt: now,
      lockedBy: null,
      lockedUntil: null,
      lastError: null,
      created: now,
      finishedAt: null,
    });
    await this.database.onCommit(() => this.sender.wake());
  }

  /** What became of the messages that this process tried to deliver. */
  get tried(): Readonly<Record<MailStatus, number>> {
    return this.sender.tried;
  }

  /** How many are still to be delivered, by whichever node. */
  waiting(): Promise<number> {
    return this.messages.countWaiting();
  }

  /** Returns how many finished messages were past their age. */
  async removeOld(): Promise<number> {
    const before = this.clock.instant(-KEPT_DAYS * DAY);
    return this.database.inBatches(() => this.messages.removeFinishedBefore(before, BATCH));
  }
}
