import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import type { Page } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { UsersService, type UserView } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import { isLive, type LiveBounds, liveBounds, type LiveSession } from './session-life.js';
import { ListSessionsQuery } from './sessions.dto.js';
import { SessionPermissions } from './sessions.permissions.js';
import { SessionsRepository } from './sessions.repository.js';

/** A record names so many of the sessions that one act has ended, and counts all of them. */
const NAMED = 100;

/** Where a user is signed in, and the end of it (A3): an ended session is refused on its next request. */
@Injectable()
export class LiveSessionsService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsRepository,
    private readonly users: UsersService,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(principal: Principal, query: ListSessionsQuery): Promise<Page<LiveSession>> {
    const page = await this.sessions.listLive(this.bounds(await this.users.get(principal.id ?? 0)), query);
    const rows = page.rows.map((session) => ({ session, isCurrent: session.sessionId === principal.sessionId }));
    return { ...page, rows };
  }

  /** One of one's own; a foreign or ended one is no more there than one that never was. */
  async end(principal: Principal, sessionId: number): Promise<void> {
    await this.database.transaction(async () => {
      const session = await this.sessions.findForUpdate(sessionId);
      const { user } = await this.users.get(principal.id ?? 0);
      if (session?.userId !== user.userId || !isLive(session, user, this.clock.millis())) {
        throw new NotFound(AuthErrors.sessionNotFound, { id: sessionId });
      }
      await this.sessions.update(sessionId, { endedAt: this.clock.instant() });
      await this.told(principal, user.userId, [sessionId]);
    });
  }

  /** Every session of the user who asks but the one that asks. */
  async endOthers(principal: Principal): Promise<void> {
    await this.database.transaction(async () => {
      await this.endAll(principal, await this.users.get(principal.id ?? 0), principal.sessionId);
    });
  }

  /** Every session of a user, by somebody who may act on that user. */
  async endAllOf(principal: Principal, userId: number): Promise<void> {
    await this.database.transaction(async () => {
      await this.endAll(principal, await this.users.lockToActOn(principal, userId, SessionPermissions.end), null);
    });
  }

  async noteSeen(sessionId: number, lastSeenAt: Instant): Promise<void> {
    await this.sessions.update(sessionId, { lastSeenAt });
  }

  private async endAll(principal: Principal, view: UserView, except: number | null): Promise<void> {
    const { userId } = view.user;
    const ended = (await this.sessions.liveIds(this.bounds(view))).filter((sessionId) => sessionId !== except);
    if (ended.length === 0) return;
    await this.sessions.endAll(userId, this.clock.instant(), except);
    await this.told(principal, userId, ended);
  }

  private async told(principal: Principal, userId: number, ended: readonly number[]): Promise<void> {
    await this.revisions.bump('sessions');
    const after = { count: ended.length, session_ids: ended.slice(0, NAMED) };
    await this.audit.record(principal, { event: 'session.ended', subject: { type: 'user', id: userId }, after });
  }

  private bounds({ user }: UserView): LiveBounds {
    return liveBounds(user, this.clock.millis());
  }
}
