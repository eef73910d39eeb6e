import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { ApiKeyAuthenticationService } from '../api-keys/api-key-authentication.service.js';
import { Unauthenticated } from '../common/errors.js';
import { mayComeFrom, type Principal } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { AddressJudge } from './address-judge.js';
import { AuthErrors } from './auth.errors.js';
import type { PresentedCredential } from './credential.js';
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

/** Judges one credential by its one strategy. What is presented is judged alike wherever it stands: in a header or in a form. */
@Injectable()
export class CredentialJudge {
  private readonly doors: Record<PresentedCredential['kind'], CanActivate> = {
    jwt: doorOf('jwt'),
    'api-key': doorOf('api-key'),
    'api-key-bearer': doorOf('api-key-bearer'),
  };
  private readonly addressDoor = doorOf('ip-whitelist');

  constructor(
    private readonly verified: VerifiedCredentials,
    private readonly addresses: AddressJudge,
    private readonly keys: ApiKeyAuthenticationService,
  ) {}

  /** At once and without a strategy, where the same credential was verified a moment ago; else null. */
  knownPrincipal(credential: PresentedCredential): Principal | null {
    return this.verified.find(nameOf(credential));
  }

  /** Null at once for what cannot be a key. `accept` sees each principal before it is remembered, and may refuse it. */
  principalOf(credential: PresentedCredential, accept?: (principal: Principal) => void): Promise<Principal> | null {
    const verify = async (): Promise<Principal> => {
      const principal = await ask(this.doors[credential.kind], { headers: headersOf(credential) });
      accept?.(principal);
      return principal;
    };
    const isKey = credential.kind !== 'jwt';
    // No strategy could find anything else.
    if (isKey && !this.keys.mayBeKey(credential.value)) return null;
    return this.verified.get(nameOf(credential), verify, mayBeUsedHere);
  }

  /** Who presents nothing is judged by the request itself: where it comes from, and whom it names. */
  principalAt(request: FastifyRequest): Principal | Promise<Principal> {
    return this.addresses.knownPrincipal(request) ?? ask(this.addressDoor, request);
  }
}

/** With its kind: a token is a credential as a bearer, and never in the header of keys. */
function nameOf({ kind, value }: PresentedCredential): string {
  return `${kind} ${value}`;
}

/** What was only asked about, from where it may not be used, is not in use yet: its first use must find it unknown. */
function mayBeUsedHere(principal: Principal): boolean {
  const context = currentContext();
  return !context || mayComeFrom(principal, context.ip);
}

function headersOf({ kind, value }: PresentedCredential): Record<string, string> {
  return kind === 'api-key' ? { 'x-api-key': value } : { authorization: `Bearer ${value}` };
}

/** A strategy leaves the principal on the request that it is shown. */
async function ask(door: CanActivate, request: object): Promise<Principal> {
  const http = { getRequest: () => request, getResponse: () => ({}) };
  await door.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
  return (request as { user: Principal }).user;
}
