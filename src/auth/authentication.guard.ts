import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Access, ACCESS } from '../common/access.decorators.js';
import { Forbidden, Unauthenticated } from '../common/errors.js';
import { replyOf, requestOf } from '../common/http-exchange.js';
import { mayComeFrom, type Principal } from '../common/principal.js';
import { metadataOf } from '../common/handler-metadata.js';
import { contextOf, type RequestContext } from '../common/request-context.js';
import { AttemptLimiter, clientNetwork } from '../throttling/attempt-limiter.js';
import { AuthErrors } from './auth.errors.js';
import { AuthenticationFailures } from './authentication-failures.js';
import { readCredential } from './credential.js';
import { CredentialJudge } from './credential-judge.js';

type Outcome = true | Promise<true> | { readonly error: unknown };

/**
 * Judges exactly one credential and never falls through to another (A9): a bad token is 401 even from a trusted address.
 * Handing passport a list of strategies would do the opposite.
 */
@Injectable()
export class AuthenticationGuard implements CanActivate {
  constructor(
    private readonly judge: CredentialJudge,
    private readonly attempts: AttemptLimiter,
    private readonly failures: AuthenticationFailures,
  ) {}

  /** At once where the credential is known: nobody waits for a promise then. */
  canActivate(context: ExecutionContext): true | Promise<true> {
    if (metadataOf<Access>(context.getHandler(), ACCESS)?.kind === 'public') return true;
    const request = requestOf(context);
    const outcome = this.outcomeOf(request);
    if (outcome === true) return true;
    const refuse = (error: unknown): never => {
      throw this.refusalFor(error, request, replyOf(context));
    };
    return outcome instanceof Promise ? outcome.catch(refuse) : refuse(outcome.error);
  }

  /** Errors are handed on rather than thrown: V8 never compiles what only ever throws, and a flood of mistyped keys is nothing else. */
  private outcomeOf(request: FastifyRequest): Outcome {
    const about = contextOf(request);
    try {
      const principal = this.authenticate(request, about);
      if (principal === null) return { error: new Unauthenticated(AuthErrors.invalidCredentials) };
      return principal instanceof Promise ? principal.then((found) => letIn(about, found)) : letIn(about, principal);
    } catch (error) {
      return { error };
    }
  }

  private authenticate(request: FastifyRequest, about: RequestContext): Principal | Promise<Principal> | null {
    const credential = readCredential(request);
    if (credential.kind === 'address') return this.judge.principalAt(request);
    const accept = (principal: Principal): void => {
      // Asked here, too: who is refused is not remembered, so that a key's first use is the first that was let in.
      letIn(about, principal);
    };
    return this.judge.knownPrincipal(credential) ?? this.judge.principalOf(credential, accept);
  }

  /** A valid credential never comes here, so nobody is kept out for the failures of others. */
  private refusalFor(error: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
    this.failures.count(request, error);
    if (error instanceof Unauthenticated) {
      reply.headers(this.attempts.failedAuthentication(clientNetwork(contextOf(request).ip)));
    }
    return error;
  }
}

/** Known before it is refused, so that the refusal is logged under its name. */
function letIn(about: RequestContext, principal: Principal): true {
  about.principal = principal;
  assertAllowedFrom(about, principal);
  return true;
}

/** Judged before the limit is counted: a thief burns nobody's quota. */
function assertAllowedFrom({ ip, address }: RequestContext, principal: Principal): void {
  if (!mayComeFrom(principal, ip)) throw new Forbidden(AuthErrors.addressNotAllowed, { address });
}
