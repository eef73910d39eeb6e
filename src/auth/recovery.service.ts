import { Injectable } from '@nestjs/common';
import { CommonErrors, NotFound, Unauthenticated } from '../common/errors.js';
import { currentContext } from '../common/request-context.js';
import { assertAcceptablePassword } from '../platform/secrets/password-policy.js';
import { AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { AddressProofs } from '../users/address-proofs.service.js';
import { PasswordLinksService } from '../users/password-links.service.js';
import { SignupsService } from '../users/signups.service.js';
import { DeferredWork } from './deferred-work.js';
import { ForgotPasswordRequest, ResetPasswordRequest, SignupRequest, VerifyEmailRequest } from './recovery.dto.js';

/** What strangers may do about an account whose mail they read. The answers say nothing about who has one. */
@Injectable()
export class RecoveryService {
  constructor(
    private readonly passwordLinks: PasswordLinksService,
    private readonly proofs: AddressProofs,
    private readonly signups: SignupsService,
    private readonly deferred: DeferredWork,
    private readonly attempts: AttemptLimiter,
  ) {}

  /** Limited by address here, and by account where it is known which one it is: there without a word. */
  forgot({ email }: ForgotPasswordRequest): void {
    this.attempts.askForMail(client());
    this.deferred.push(() => this.passwordLinks.mailForgotten(email));
  }

  async reset({ token, password }: ResetPasswordRequest): Promise<void> {
    await this.guessing(() => this.passwordLinks.set(token, password));
  }

  /** What the password lacks is told at once, whoever asks; everything else is done after the answer. */
  signup(request: SignupRequest): void {
    if (!this.signups.isOpen) throw new NotFound(CommonErrors.noSuchRoute, { path: '/crm/auth/signup' });
    assertAcceptablePassword(request.password, request.email);
    this.attempts.askForMail(client());
    this.deferred.push(() => this.signups.ask(request));
  }

  async verifyEmail({ token }: VerifyEmailRequest): Promise<void> {
    await this.guessing(() => this.proofs.accept(token));
  }

  /** A token that is none counts with other credentials that prove nothing (L3). */
  private async guessing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof Unauthenticated) this.attempts.failedAuthentication(client());
      throw error;
    }
  }
}

function client(): string {
  return clientNetwork(currentContext()?.ip ?? null);
}
