import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, ACCESS } from '../common/access.decorators.js';
import { Forbidden, Unauthenticated } from '../common/errors.js';
import { mayComeFrom, type Principal } from '../common/principal.js';
import { contextOf, type RequestContext } from '../common/request-context.js';
import { AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { AuthErrors } from './auth.errors.js';
import { type Credential, readCredential } from './credential.js';
import { VerifiedCredentials } from './verified-credentials.js';

/** One passport strategy, asked alone: the principal, or an error of ours. */
function doorOf(strategy: string): CanActivate {
  class Door extends AuthGuard(strategy) {
    /** Passport's own reasons would tell an attacker how far a guess came, so all of them are one answer. */
    override handleRequest<T>(error: unknown, principal: T | false): T {
      if (error) throw error instanceof Error ? error : new Error('a strategy failed', { cause: error });
      if (!principal) throw new Unauthenticated(AuthErrors.invalidCredentials);
      return principal;
    }
  }
  return new Door();
}

/**
 * Judges exactly one credential and never falls through to another (A9): a bad token is 401 even from a trusted address.
 * Handing passport a list of strategies would do the opposite.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  private readonly doors: Record<Credential['kind'], CanActivate> = {
    jwt: doorOf('jwt'),
    'api-key': doorOf('api-key'),
    'api-key-bearer': doorOf('api-key-bearer'),
    address: doorOf('ip-whitelist'),
  };

  constructor(
    private readonly reflector: Reflector,
    private readonly verified: VerifiedCredentials,
    private readonly attempts: AttemptLimiter,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.get<Access | undefined>(ACCESS, context.getHandler());
    if (access?.kind === 'public') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const about = contextOf(request);
    try {
      about.principal = await this.authenticate(readCredential(request), about, context);
      assertAllowedFrom(about, about.principal);
      return true;
    } catch (error) {
      // A valid credential never comes here, so nobody is kept out for the failures of others.
      if (error instanceof Unauthenticated) {
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        reply.headers(this.attempts.failedAuthentication(clientNetwork(about.ip)));
      }
      throw error;
    }
  }

  private authenticate(credential: Credential, about: RequestContext, context: ExecutionContext): Promise<Principal> {
    const verify = async (): Promise<Principal> => {
      // Known before it is refused, so that the refusal is logged under its name.
      about.principal = await this.ask(this.doors[credential.kind], context);
      // Asked here, too: who is refused is not remembered, so that a key's first use is the first that was let in.
      assertAllowedFrom(about, about.principal);
      return about.principal;
    };
    // With its kind: a token is a credential as a bearer, and never in the header of keys.
    return credential.kind === 'address'
      ? verify()
      : this.verified.get(`${credential.kind} ${credential.value}`, verify);
  }

  private async ask(door: CanActivate, context: ExecutionContext): Promise<Principal> {
    await door.canActivate(context);
    return context.switchToHttp().getRequest<{ user: Principal }>().user;
  }
}

/** Judged before the limit is counted: a thief burns nobody's quota. */
function assertAllowedFrom({ ip, address }: RequestContext, principal: Principal): void {
  if (!mayComeFrom(principal, ip)) throw new Forbidden(AuthErrors.addressNotAllowed, { address });
}
