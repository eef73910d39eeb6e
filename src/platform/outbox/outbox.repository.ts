import { Injectable } from '@nestjs/common';
import { In, LessThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { OutboxEvent } from './outbox-event.entity.js';

@Injectable()
export class OutboxRepository {
  constructor(private readonly database: Database) {}

  async insert(event: Omit<OutboxEvent, 'eventId'>): Promise<void> {
    await this.database.repository(OutboxEvent).insert(event);
  }

  /** At most `limit` of the oldest; returns how many there were. */
  async removeOlderThan(moment: Instant, limit: number): Promise<number> {
    const rows = this.database.repository(OutboxEvent);
    const old = await rows.find({
      select: { eventId: true },
      where: { at: LessThan(moment) },
      order: { at: 'ASC', eventId: 'ASC' },
      take: limit,
    });
    if (old.length > 0) await rows.delete({ eventId: In(old.map((row) => row.eventId)) });
    return old.length;
  }
}
