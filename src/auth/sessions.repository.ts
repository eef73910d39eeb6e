import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { Database } from '../platform/database/database.js';
import { Session } from './session.entity.js';

@Injectable()
export class SessionsRepository {
  constructor(private readonly database: Database) {}

  find(sessionId: number): Promise<Session | null> {
    return this.database.repository(Session).findOneBy({ sessionId });
  }

  /** Locked until the transaction ends: of fifty refreshes at once one rotates, the others see that it did. */
  findForUpdate(sessionId: number): Promise<Session | null> {
    const lock = this.database.writeLock;
    return this.database.repository(Session).findOne({ where: { sessionId }, ...(lock ? { lock } : {}) });
  }

  async insert(session: Omit<Session, 'sessionId'>): Promise<Session> {
    const sessions = this.database.repository(Session);
    const row = sessions.create(session);
    await sessions.insert(row);
    return row;
  }

  async update(sessionId: number, changes: Partial<Session>): Promise<void> {
    await this.database.repository(Session).update({ sessionId }, changes);
  }

  async removeExpiredBefore(moment: Instant): Promise<number> {
    const removed = await this.database.repository(Session).delete({ expiresAt: LessThan(moment) });
    return removed.affected ?? 0;
  }
}
