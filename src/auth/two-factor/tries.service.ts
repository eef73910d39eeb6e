import { Injectable } from '@nestjs/common';
import type { DomainError, ErrorExtras } from '../../common/errors.js';
import { currentContext } from '../../common/request-context.js';
import { fold } from '../../common/text.js';
import { AuditService } from '../../audit/audit.service.js';
import { type Attempt, attemptHeaders, AttemptLimiter, clientNetwork } from '../../throttling/attempt-limiter.js';
import type { UserView } from '../../users/users.service.js';

/** One try at proving something of an account. */
export interface Try<T> {
  readonly view: UserView;
  /** Recorded when it fails, with what it was for. */
  readonly event: string;
  readonly purpose: string;
  /** Null = not proved. Whatever it throws was no failed try. */
  readonly work: () => Promise<T | null>;
  readonly refusal: (extras: ErrorExtras) => DomainError;
}

export interface Proved<T> {
  readonly proved: T;
  /** What is left of the login limit. */
  readonly headers: Record<string, string>;
}

/** Passwords and codes that are asked for again count with failed logins of the account, and failures are recorded (A5). */
@Injectable()
export class Tries {
  constructor(
    private readonly attempts: AttemptLimiter,
    private readonly audit: AuditService,
  ) {}

  async prove<T>({ view, event, purpose, work, refusal }: Try<T>): Promise<Proved<T>> {
    const attempt = await this.begin(view);
    const proved = await this.result(attempt, work);
    if (proved === null) {
      await this.record(event, view, purpose);
      throw refusal({ headers: attemptHeaders(attempt) });
    }
    return { proved, headers: attemptHeaders(this.attempts.succeeded(attempt)) };
  }

  private async result<T>(attempt: Attempt, work: () => Promise<T | null>): Promise<T | null> {
    try {
      return await work();
    } catch (error) {
      this.attempts.succeeded(attempt);
      throw error;
    }
  }

  private async begin(view: UserView): Promise<Attempt> {
    const client = clientNetwork(currentContext()?.ip ?? null);
    const attempt = this.attempts.beginLogin(fold(view.user.email), client);
    if (!attempt.refused) return attempt;
    if (attempt.refused.isNews) await this.record('authn_login_lock', view);
    throw attempt.refused.error;
  }

  private async record(event: string, { user }: UserView, purpose?: string): Promise<void> {
    const subject = { type: 'user', id: user.userId };
    await this.audit.recordSecurity({ event, subject, after: purpose === undefined ? null : { purpose } });
  }
}
