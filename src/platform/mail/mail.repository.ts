import { Injectable } from '@nestjs/common';
import { Brackets, In, LessThan, LessThanOrEqual } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { MailMessage } from './mail-message.entity.js';

export interface MailLease {
  readonly owner: string;
  readonly now: Instant;
  readonly until: Instant;
}

@Injectable()
export class MailRepository {
  constructor(private readonly database: Database) {}

  async insert(message: Omit<MailMessage, 'messageId'>): Promise<void> {
    await this.database.repository(MailMessage).insert(message);
  }

  /** Those whose time has come, those that another node is delivering included: the lease decides. */
  async dueIds(now: Instant, limit: number): Promise<number[]> {
    const rows = await this.database.repository(MailMessage).find({
      select: { messageId: true },
      where: { status: 'waiting', nextAttemptAt: LessThanOrEqual(now) },
      order: { nextAttemptAt: 'ASC', messageId: 'ASC' },
      take: limit,
    });
    return rows.map((row) => row.messageId);
  }

  countWaiting(): Promise<number> {
    return this.database.repository(MailMessage).countBy({ status: 'waiting' });
  }

  /** One conditional update elects the node that delivers: null when another one does, or has. */
  async tryLease(messageId: number, { owner, now, until }: MailLease): Promise<MailMessage | null> {
    const taken = await this.database
      .repository(MailMessage)
      .createQueryBuilder()
      .update()
      .set({ lockedBy: owner, lockedUntil: until, attempts: () => 'attempts + 1' })
      .where('message_id = :messageId AND status = :waiting', { messageId, waiting: 'waiting' })
      .andWhere('next_attempt_at <= :now', { now })
      .andWhere(new Brackets((where) => where.where('locked_until IS NULL').orWhere('locked_until <= :now', { now })))
      .execute();
    return taken.affected === 1 ? this.database.repository(MailMessage).findOneBy({ messageId }) : null;
  }

  /** Only by the attempt that holds the lease: one that came back too late changes nothing. */
  async release({ messageId, lockedBy, attempts }: MailMessage, outcome: Partial<MailMessage>): Promise<void> {
    const held = { messageId, lockedBy: lockedBy ?? '', attempts };
    await this.database.repository(MailMessage).update(held, { ...outcome, lockedBy: null, lockedUntil: null });
  }

  /** At most `limit` of those that were finished before; returns how many there were. */
  async removeFinishedBefore(moment: Instant, limit: number): Promise<number> {
    const rows = this.database.repository(MailMessage);
    const old = await rows.find({
      select: { messageId: true },
      where: { finishedAt: LessThan(moment) },
      order: { finishedAt: 'ASC' },
      take: limit,
    });
    if (old.length > 0) await rows.delete({ messageId: In(old.map((row) => row.messageId)) });
    return old.length;
  }
}
