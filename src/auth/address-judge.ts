import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Unauthenticated } from '../common/errors.js';
import type { IpAddress } from '../common/ip-range.js';
import type { Principal } from '../common/principal.js';
import { contextOf } from '../common/request-context.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { assertNotRidden } from './address-request.js';
import { AuthErrors } from './auth.errors.js';
import { TrustedAddressesService } from './trusted-addresses.service.js';

/** Judges a request that presented nothing: by where it comes from, and by whether somebody else's page sent it. */
@Injectable()
export class AddressJudge {
  constructor(
    private readonly trusted: TrustedAddressesService,
    private readonly config: LiveConfig,
  ) {}

  /** At once, where the same address was found trusted a moment ago; else null. */
  knownPrincipal(request: FastifyRequest): Principal | null {
    const ip = addressOf(request);
    const principal = ip && this.trusted.knownPrincipal(ip);
    if (principal) assertNotRidden(request, this.config.current);
    return principal;
  }

  async principalOf(request: FastifyRequest): Promise<Principal> {
    const ip = addressOf(request);
    const principal = ip && (await this.trusted.principalOf(ip));
    if (!principal)
      throw new Unauthenticated(AuthErrors.missingCredential, {}, { headers: { 'www-authenticate': 'Bearer' } });
    assertNotRidden(request, this.config.current);
    return principal;
  }
}

/** The address that may be judged: not a proxy's own, and none that a stranger's proxy speaks for. */
function addressOf(request: FastifyRequest): IpAddress | null {
  const { ip, forwardedByStranger, isProxy } = contextOf(request);
  return forwardedByStranger || isProxy ? null : ip;
}
