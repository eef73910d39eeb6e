import { Injectable } from '@nestjs/common';
import { Forbidden } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { fold } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { assertAcceptablePassword } from '../platform/secrets/password-policy.js';
import { type Attempt, attemptHeaders, AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { OwnAccountService } from '../users/own-account.service.js';
import { UsersService } from '../users/users.service.js';
import { ChangePasswordRequest } from './account.dto.js';
import { AuthErrors } from './auth.errors.js';
import { LiveSessionsService } from './live-sessions.service.js';

/** Changes one's own password (A4), with the old one in hand: a session that somebody left open is not enough. */
@Injectable()
export class PasswordChangeService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersService,
    private readonly accounts: OwnAccountService,
    private readonly sessions: LiveSessionsService,
    private readonly passwords: PasswordHasher,
    private readonly attempts: AttemptLimiter,
    private readonly audit: AuditService,
  ) {}

  /** Wrong tries count with failed logins of the account. All other sessions end with the change. */
  async change(principal: Principal, request: ChangePasswordRequest): Promise<void> {
    const { user } = await this.users.get(principal.id ?? 0);
    const attempt = await this.begin(principal, user.email);
    const isRight = await this.passwords.verify(user.passwordDigest, request.current_password);
    if (!isRight) throw await this.wrong(principal, attempt);
    this.attempts.succeeded(attempt);
    assertAcceptablePassword(request.new_password, user.email);
    const digest = await this.passwords.hash(request.new_password);
    await this.database.transaction(async () => {
      const isSet = await this.accounts.setPassword(principal, user.passwordDigest, digest);
      if (!isSet) throw await this.wrong(principal, attempt);
      await this.sessions.endOthers(principal);
    });
  }

  private async begin(principal: Principal, email: string): Promise<Attempt> {
    const attempt = this.attempts.beginLogin(fold(email), clientNetwork(currentContext()?.ip ?? null));
    if (!attempt.refused) return attempt;
    if (attempt.refused.isNews) await this.record(principal, 'authn_login_lock');
    throw attempt.refused.error;
  }

  private async wrong(principal: Principal, attempt: Attempt): Promise<Forbidden> {
    await this.record(principal, 'authn_password_change_fail');
    return new Forbidden(AuthErrors.wrongPassword, {}, { headers: attemptHeaders(attempt) });
  }

  private async record(principal: Principal, event: string): Promise<void> {
    await this.audit.recordSecurity({ event, subject: { type: 'user', id: principal.id ?? 0 } }, principal);
  }
}
