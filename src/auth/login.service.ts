import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import { currentContext } from '../common/request-context.js';
import { fold, logLine } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { type Attempt, attemptHeaders, AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { UsersService, type UserView } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import { ChallengesService } from './two-factor/challenges.service.js';
import { CodesService, type SecondFactor } from './two-factor/codes.service.js';
import { Tries } from './two-factor/tries.service.js';
import { SessionsService, type TokenPair } from './sessions.service.js';

type Account = UserView['user'];

interface Limited {
  /** What is left of the login limit. */
  readonly headers: Record<string, string>;
}

export interface LoggedIn extends Limited {
  readonly pair: TokenPair;
}

/** The password was right, and a second factor is due. */
export interface Challenged extends Limited {
  readonly challengeToken: string;
}

@Injectable()
export class LoginService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersService,
    private readonly passwords: PasswordHasher,
    private readonly sessions: SessionsService,
    private readonly challenges: ChallengesService,
    private readonly codes: CodesService,
    private readonly tries: Tries,
    private readonly attempts: AttemptLimiter,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** One answer, at one price, for a wrong password, an unknown e-mail and a deactivated account (A5). */
  async login(email: string, password: string, device: string | undefined): Promise<LoggedIn | Challenged> {
    const attempt = await this.begin(email);
    const account = await this.users.findAccount(email);
    const isRight = await this.passwords.verify(account?.passwordDigest ?? null, password);
    const found = account && isRight && account.status === 'active' ? await this.users.findById(account.userId) : null;
    if (!account || !found) {
      await this.recordFailure('authn_login_fail', account);
      throw new Unauthenticated(AuthErrors.invalidCredentials, {}, { headers: attemptHeaders(attempt) });
    }
    const digest = await this.renewedDigest(account, password);
    if (found.user.twoFactorSince !== null) {
      const challengeToken = await this.challenges.issue(found, digest);
      return { challengeToken, headers: attemptHeaders(this.attempts.succeeded(attempt)) };
    }
    const pair = await this.open(found, digest, device);
    return { pair, headers: attemptHeaders(this.attempts.succeeded(attempt)) };
  }

  /** The second half. A wrong code and a spent one are one answer; a challenge has five tries, however many come at once. */
  async loginWithCode(token: string, code: string, device: string | undefined): Promise<LoggedIn> {
    const challenge = await this.challenges.find(token);
    if (!challenge) throw this.deadChallenge();
    const { found } = challenge;
    const { userId, passwordDigest } = found.user;
    const { proved: pair, headers } = await this.tries.prove({
      view: found,
      event: 'authn_2fa_fail',
      purpose: 'login',
      work: async () => {
        if (!(await this.challenges.countTry(challenge))) throw this.deadChallenge();
        return this.database.transaction(async () => {
          const secondFactor = await this.codes.accept(userId, code);
          if (secondFactor === null) return null;
          if (!(await this.challenges.complete(challenge))) throw this.deadChallenge();
          return this.open(found, passwordDigest, device, secondFactor);
        });
      },
      refusal: (extras) => new Unauthenticated(AuthErrors.invalidCode, {}, extras),
    });
    return { pair, headers };
  }

  /** Counts with the other credentials that proved nothing (L3); 429 once the address had its minute. */
  private deadChallenge(): Unauthenticated {
    this.attempts.failedAuthentication(clientNetwork(currentContext()?.ip ?? null));
    return new Unauthenticated(AuthErrors.invalidChallenge);
  }

  private async begin(email: string): Promise<Attempt> {
    const attempt = this.attempts.beginLogin(fold(email), clientNetwork(currentContext()?.ip ?? null));
    if (!attempt.refused) return attempt;
    if (attempt.refused.isNews) await this.recordFailure('authn_login_lock', await this.users.findAccount(email));
    throw attempt.refused.error;
  }

  /** What was verified counts only if it still holds where the session begins: a change meanwhile has ended them all. */
  private open(
    found: UserView,
    digest: string | null,
    device: string | undefined,
    secondFactor: SecondFactor | null = null,
  ): Promise<TokenPair> {
    return this.database.transaction(async () => {
      const { userId, email } = found.user;
      const isStill = await this.users.noteLogin(found.user, digest, this.clock.instant());
      if (!isStill) {
        await this.recordFailure('authn_login_fail', found.user);
        throw new Unauthenticated(AuthErrors.invalidCredentials);
      }
      const pair = await this.sessions.open(found, device === undefined ? null : logLine(device, 256));
      const actor = { kind: 'user', id: userId, name: email } as const;
      const after = secondFactor && { second_factor: secondFactor };
      await this.audit.record(actor, { event: 'authn_login_success', subject: { type: 'user', id: userId }, after });
      return pair;
    });
  }

  /** The e-mail that was typed is kept only where it is an account's: people type passwords into the wrong field. */
  private async recordFailure(event: string, account: Account | null): Promise<void> {
    const subject = account && { type: 'user', id: account.userId };
    await this.audit.recordSecurity({ event, subject });
  }

  private async renewedDigest(account: Account, password: string): Promise<string | null> {
    const isOutdated = account.passwordDigest !== null && this.passwords.isOutdated(account.passwordDigest);
    return isOutdated ? this.users.rehash(account, password) : account.passwordDigest;
  }
}
