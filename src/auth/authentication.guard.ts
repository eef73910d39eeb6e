import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, ACCESS } from '../common/access.decorators.js';
import { Forbidden, Unauthenticated } from '../common/errors.js';
import { mayComeFrom, type Principal } from '../common/principal.js';
import { contextOf, type RequestContext } from '../common/request-context.js';
import { AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { AuthErrors } from './auth.errors.js';
import { AuthenticationFailures } from './authentication-failures.js';
import { readCredential } from './credential.js';
import { CredentialJudge } from './credential-judge.js';

/**
 * Judges exactly one credential and never falls through to another (A9): a bad token is 401 even from a trusted address.
 * Handing passport a list of strategies would do the opposite.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly judge: CredentialJudge,
    private readonly attempts: AttemptLimiter,
    private readonly failures: AuthenticationFailures,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(ACCESS, context.getHandler());
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const about = contextOf(request);
    try {
      about.principal = await this.authenticate(request, about);
      assertAllowedFrom(about, about.principal);
      return true;
    } catch (error) {
      this.failures.count(request, error);
      // A valid credential never comes here, so nobody is kept out for the failures of others.
      if (error instanceof Unauthenticated) {
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        reply.headers(this.attempts.failedAuthentication(clientNetwork(about.ip)));
      }
      throw error;
    }
  }

  private authenticate(request: FastifyRequest, about: RequestContext): Promise<Principal> {
    const credential = readCredential(request);
    if (credential.kind === 'address') return this.judge.principalAt(request);
    return this.judge.principalOf(credential, (principal) => {
      // Known before it is refused, so that the refusal is logged under its name.
      about.principal = principal;
      // Asked here, too: who is refused is not remembered, so that a key's first use is the first that was let in.
      assertAllowedFrom(about, principal);
    });
  }
}

/** Judged before the limit is counted: a thief burns nobody's quota. */
function assertAllowedFrom({ ip, address }: RequestContext, principal: Principal): void {
  if (!mayComeFrom(principal, ip)) throw new Forbidden(AuthErrors.addressNotAllowed, { address });
}
