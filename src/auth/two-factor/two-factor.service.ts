import { Injectable } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import { Conflict, Forbidden, NotFound } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { PasswordHasher } from '../../platform/secrets/password-hasher.js';
import { StepUpGate } from '../../rbac/step-up.js';
import { OwnAccountService } from '../../users/own-account.service.js';
import { UserErrors, UsersService, type UserView } from '../../users/users.service.js';
import { AuthErrors } from '../auth.errors.js';
import { CodesService } from './codes.service.js';
import { otpauthUrl } from './totp.js';
import { Tries } from './tries.service.js';
import { TwoFactorPermissions } from './two-factor.permissions.js';

/** What an authenticator needs; shown once. */
export interface Enrolment {
  readonly secret: string;
  readonly otpauthUrl: string;
  readonly qrSvg: string;
}

export interface PasswordAndCode {
  readonly password: string;
  readonly code: string;
}

/** A user's own second factor (A7), and its reset by somebody who may act on that user. */
@Injectable()
export class TwoFactorService {
  constructor(
    private readonly database: Database,
    private readonly codes: CodesService,
    private readonly tries: Tries,
    private readonly users: UsersService,
    private readonly accounts: OwnAccountService,
    private readonly passwords: PasswordHasher,
    private readonly stepUp: StepUpGate,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Nothing is asked for until `verify` has seen a code: who loses the secret before that begins again. */
  async enable(principal: Principal, userId: number, password: string): Promise<Enrolment> {
    const view = await this.own(principal, userId);
    assertOff(view);
    await this.provePassword(view, password);
    const secret = await this.database.transaction(async () => {
      await this.lockUnchanged(principal, view, assertOff);
      await this.record(principal, userId, 'user.two_factor_begun');
      return this.codes.begin(userId);
    });
    const url = otpauthUrl(secret, view.user.email);
    // Loaded only now: few ever ask for a picture.
    const { toString: draw } = await import('qrcode');
    return { secret, otpauthUrl: url, qrSvg: await draw(url, { type: 'svg' }) };
  }

  /** From here on codes are asked for. The backup codes are in the answer and nowhere else. */
  async verify(principal: Principal, userId: number, code: string): Promise<string[]> {
    return this.proveCode(await this.own(principal, userId), 'verify', async (view) => {
      await this.lockUnchanged(principal, view, assertOff);
      if (!(await this.codes.hasBegun(userId))) throw new Conflict(AuthErrors.enrolmentNotBegun);
      if (!(await this.codes.acceptTotp(userId, code))) return null;
      await this.accounts.setTwoFactor(view, this.clock.instant());
      await this.record(principal, userId, 'user.two_factor_enabled');
      return this.codes.renewBackupCodes(userId);
    });
  }

  async disable(principal: Principal, userId: number, proof: PasswordAndCode): Promise<void> {
    await this.change(principal, userId, { ...proof, purpose: 'disable' }, async (view) => {
      await this.codes.remove(userId);
      await this.accounts.setTwoFactor(view, null);
      await this.record(principal, userId, 'user.two_factor_disabled');
    });
  }

  renewBackupCodes(principal: Principal, userId: number, proof: PasswordAndCode): Promise<string[]> {
    return this.change(principal, userId, { ...proof, purpose: 'backup_codes' }, async () => {
      await this.record(principal, userId, 'user.backup_codes_renewed');
      return this.codes.renewBackupCodes(userId);
    });
  }

  /** For somebody who has lost everything: from now on the password is enough. Ends nothing else. */
  async reset(principal: Principal, userId: number): Promise<void> {
    if (principal.kind === 'user' && principal.id === userId) throw new Conflict(AuthErrors.ownReset);
    await this.database.transaction(async () => {
      await this.stepUp.demand(principal);
      const view = await this.users.lockToActOn(principal, userId, TwoFactorPermissions.reset);
      const hasAny = view.user.twoFactorSince !== null || (await this.codes.hasBegun(userId));
      if (!hasAny) throw new Conflict(AuthErrors.twoFactorNotEnabled);
      await this.codes.remove(userId);
      await this.accounts.setTwoFactor(view, null);
      await this.record(principal, userId, 'user.two_factor_reset');
    });
  }

  /** Password first, then the code: a wrong password spends no code. */
  private async change<T>(
    principal: Principal,
    userId: number,
    proof: PasswordAndCode & { readonly purpose: string },
    work: (view: UserView) => Promise<T>,
  ): Promise<T> {
    const found = await this.own(principal, userId);
    assertOn(found);
    await this.provePassword(found, proof.password);
    const done = await this.proveCode(found, proof.purpose, async (view) => {
      const locked = await this.lockUnchanged(principal, view, assertOn);
      const isRight = (await this.codes.accept(userId, proof.code)) !== null;
      return isRight ? { result: await work(locked) } : null;
    });
    return done.result;
  }

  /** Another's is as little there as nobody's. */
  private own(principal: Principal, userId: number): Promise<UserView> {
    if (principal.id !== userId) throw new NotFound(UserErrors.notFound, { id: userId });
    return this.users.get(userId);
  }

  /** Decided again under the lock: of two at once the second finds what the first has made. */
  private async lockUnchanged(
    principal: Principal,
    before: UserView,
    assertState: (view: UserView) => void,
  ): Promise<UserView> {
    const view = await this.accounts.lockOwn(principal);
    assertState(view);
    if (view.user.passwordDigest !== before.user.passwordDigest) throw new Forbidden(AuthErrors.wrongPassword);
    return view;
  }

  private async provePassword(view: UserView, password: string): Promise<void> {
    await this.tries.prove({
      view,
      event: 'authn_password_fail',
      purpose: 'two_factor',
      work: async () => ((await this.passwords.verify(view.user.passwordDigest, password)) ? true : null),
      refusal: (extras) => new Forbidden(AuthErrors.wrongPassword, {}, extras),
    });
  }

  private async proveCode<T>(view: UserView, purpose: string, work: (view: UserView) => Promise<T | null>): Promise<T> {
    const { proved } = await this.tries.prove({
      view,
      event: 'authn_2fa_fail',
      purpose,
      work: () => this.database.transaction(() => work(view)),
      refusal: (extras) => new Forbidden(AuthErrors.wrongCode, {}, extras),
    });
    return proved;
  }

  private async record(principal: Principal, userId: number, event: string): Promise<void> {
    await this.audit.record(principal, { event, subject: { type: 'user', id: userId } });
  }
}

function assertOff({ user }: UserView): void {
  if (user.twoFactorSince !== null) throw new Conflict(AuthErrors.twoFactorEnabled);
}

function assertOn({ user }: UserView): void {
  if (user.twoFactorSince === null) throw new Conflict(AuthErrors.twoFactorNotEnabled);
}
