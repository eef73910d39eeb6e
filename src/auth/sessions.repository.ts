import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, Not, type SelectQueryBuilder } from 'typeorm';
import type { Instant } from '../common/clock.js';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { Pager } from '../platform/paging/pager.js';
import { Session } from './session.entity.js';
import type { LiveBounds } from './session-life.js';
import { ListSessionsQuery } from './sessions.dto.js';

@Injectable()
export class SessionsRepository {
  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
  ) {}

  find(sessionId: number): Promise<Session | null> {
    return this.database.repository(Session).findOneBy({ sessionId });
  }

  /** Locked until the transaction ends: of fifty refreshes at once one rotates, the others see that it did. */
  findForUpdate(sessionId: number): Promise<Session | null> {
    const lock = this.database.writeLock;
    return this.database.repository(Session).findOne({ where: { sessionId }, ...(lock ? { lock } : {}) });
  }

  listLive(bounds: LiveBounds, query: ListSessionsQuery): Promise<Page<Session>> {
    return this.pager.page(this.live(bounds), {
      query,
      sort: query.sort ?? 'session_id',
      columns: {
        session_id: { property: 'sessionId' },
        created: { property: 'created' },
        last_seen_at: { property: 'lastSeenAt' },
      },
      id: 'sessionId',
    });
  }

  async liveIds(bounds: LiveBounds): Promise<number[]> {
    const rows = await this.live(bounds).select('row.sessionId').orderBy('row.sessionId').getMany();
    return rows.map((row) => row.sessionId);
  }

  /** All of a user's but one, those that were opened a moment ago included. */
  async endAll(userId: number, endedAt: Instant, except: number | null): Promise<void> {
    const ended = { userId, endedAt: IsNull(), sessionId: Not(except ?? 0) };
    await this.database.repository(Session).update(ended, { endedAt });
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

  private live({ userId, expiresAfter, rotatedAfter, createdAfter }: LiveBounds): SelectQueryBuilder<Session> {
    const rows = this.database
      .repository(Session)
      .createQueryBuilder('row')
      .where('row.userId = :userId AND row.endedAt IS NULL', { userId })
      .andWhere('row.expiresAt > :expiresAfter AND row.rotatedAt > :rotatedAfter', { expiresAfter, rotatedAfter });
    return createdAfter === null ? rows : rows.andWhere('row.created > :createdAfter', { createdAfter });
  }
}
