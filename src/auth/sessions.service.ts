import { Injectable } from '@nestjs/common';
import { Clock, type Instant, toMillis } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import type { Principal, TwoFactorState } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { TwoFactorDemand } from '../users/two-factor-demand.service.js';
import { UsersService, type UserView } from '../users/users.service.js';
import { AccessTokens } from './access-tokens.js';
import { AuthErrors } from './auth.errors.js';
import { type PresentedRefreshToken, RefreshTokens } from './refresh-tokens.js';
import type { Session } from './session.entity.js';
import { ABSOLUTE_MS, isLive, RETRY_MS } from './session-life.js';
import { SessionsRepository } from './sessions.repository.js';

/** What a login and a refresh hand out. */
export interface TokenPair {
  readonly token: string;
  readonly refreshToken: string;
  readonly user: UserView;
  readonly permissions: ReadonlySet<string>;
  readonly twoFactor: TwoFactorState;
}

type Rotation =
  | { readonly kind: 'rotated'; readonly session: Session }
  | { readonly kind: 'refused' }
  | { readonly kind: 'reused'; readonly session: Session };

@Injectable()
export class SessionsService {
  constructor(
    private readonly database: Database,
    private readonly sessions: SessionsRepository,
    private readonly users: UsersService,
    private readonly demand: TwoFactorDemand,
    private readonly directory: RoleDirectory,
    private readonly accessTokens: AccessTokens,
    private readonly refreshTokens: RefreshTokens,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly attempts: AttemptLimiter,
    private readonly clock: Clock,
  ) {}

  /** Opens a session; to be called in the transaction of the login. */
  async open(user: UserView, device: string | null): Promise<TokenPair> {
    const now = this.clock.instant();
    const session = await this.sessions.insert({
      userId: user.user.userId,
      generation: 1,
      created: now,
      rotatedAt: now,
      lastSeenAt: now,
      expiresAt: this.clock.instant(ABSOLUTE_MS),
      endedAt: null,
      address: currentContext()?.address ?? 'unknown',
      device,
    });
    return this.pair(session, user);
  }

  /** Rotates (RFC 9700). Reuse of a spent token ends the whole family, and is told to nobody but the audit log. */
  async refresh(token: string): Promise<TokenPair> {
    const presented = this.refreshTokens.parse(token);
    const rotation = await this.rotation(presented);
    if (rotation.kind === 'reused') {
      const { sessionId, userId } = rotation.session;
      const subject = { type: 'user', id: userId };
      await this.audit.recordSecurity({ event: 'authn_token_reuse', subject, after: { session_id: sessionId } });
    }
    if (rotation.kind !== 'rotated') throw this.refused();
    const user = await this.users.findById(rotation.session.userId);
    if (user?.user.status !== 'active') throw this.refused();
    return this.pair(rotation.session, user);
  }

  /** Ends the session behind an access token: its tokens are refused on the next request. Others have none to end. */
  async endOwn(principal: Principal): Promise<void> {
    const { sessionId } = principal;
    if (sessionId === null) return;
    await this.database.transaction(async () => {
      await this.close(sessionId);
      const subject = { type: 'user', id: principal.id ?? 0 };
      await this.audit.record(principal, { event: 'authn_logout', subject, after: { session_id: sessionId } });
    });
  }

  /** The principal behind an access token, or null when its user or session is no more. */
  async principalOf(userId: number, sessionId: number, expiresAt: Instant): Promise<Principal | null> {
    const session = await this.sessions.find(sessionId);
    if (session?.userId !== userId || session.endedAt !== null) return null;
    const found = await this.users.findById(userId);
    if (!found || !this.isLive(session, found)) return null;
    const { names, permissions } = await this.effective(found);
    return {
      kind: 'user',
      id: userId,
      name: found.user.email,
      roles: names,
      permissions,
      customerIds: found.customerIds,
      expiresAt: expiresAt < session.expiresAt ? expiresAt : session.expiresAt,
      credential: 'jwt',
      sessionId,
      isOutdated: false,
      allowedAddresses: null,
      rateLimit: null,
      twoFactor: this.demand.stateOf(found),
    };
  }

  async removeOver(): Promise<string> {
    const removed = await this.database.transaction(() => this.sessions.removeExpiredBefore(this.clock.instant()));
    return `${removed} sessions removed`;
  }

  /** A stranger's guess is refused before it takes the one write lock that everybody waits for. */
  private async rotation(presented: PresentedRefreshToken | null): Promise<Rotation> {
    const session = presented && (await this.sessions.find(presented.sessionId));
    if (!session || !this.refreshTokens.isOurs(session, presented)) return { kind: 'refused' };
    return this.database.transaction(() => this.rotate(presented));
  }

  /** Counts with the other credentials that proved nothing (L3); 429 once the address had its minute. */
  private refused(): Unauthenticated {
    this.attempts.failedAuthentication(clientNetwork(currentContext()?.ip ?? null));
    return new Unauthenticated(AuthErrors.invalidRefreshToken);
  }

  /** Decides under the row's lock. It returns instead of throwing, so that ending a family is not rolled back. */
  private async rotate(presented: PresentedRefreshToken): Promise<Rotation> {
    const session = await this.sessions.findForUpdate(presented.sessionId);
    if (!session || !this.refreshTokens.isOurs(session, presented)) return { kind: 'refused' };
    const user = await this.users.findById(session.userId);
    if (!user || !this.isLive(session, user)) return { kind: 'refused' };
    if (presented.generation === session.generation) return this.advance(session);
    if (presented.generation === session.generation - 1 && this.isRetry(session)) return { kind: 'rotated', session };
    await this.close(session.sessionId);
    return { kind: 'reused', session };
  }

  private async advance(session: Session): Promise<Rotation> {
    const now = this.clock.instant();
    const changes = { generation: session.generation + 1, rotatedAt: now, lastSeenAt: now };
    await this.sessions.update(session.sessionId, changes);
    return { kind: 'rotated', session: { ...session, ...changes } };
  }

  private async close(sessionId: number): Promise<void> {
    await this.sessions.update(sessionId, { endedAt: this.clock.instant() });
    await this.revisions.bump('sessions');
  }

  private isRetry({ rotatedAt }: Session): boolean {
    return this.clock.millis() - toMillis(rotatedAt) <= RETRY_MS;
  }

  private isLive(session: Session, { user }: UserView): boolean {
    return isLive(session, user, this.clock.millis());
  }

  /** Issued at the moment of the rotation, so that a retry gets the very same pair. */
  private async pair(session: Session, user: UserView): Promise<TokenPair> {
    const { permissions } = await this.effective(user);
    return {
      token: this.accessTokens.issue(session.userId, session.sessionId, toMillis(session.rotatedAt)),
      refreshToken: this.refreshTokens.derive(session),
      user,
      permissions,
      twoFactor: this.demand.stateOf(user),
    };
  }

  private effective({ roles }: UserView): Promise<{ names: string[]; permissions: ReadonlySet<string> }> {
    return this.directory.effective(roles.map((role) => role.roleId));
  }
}
