import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import { Unauthenticated } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { contextOf } from '../../common/request-context.js';
import { LiveConfig } from '../../platform/config/live-config.js';
import { assertNotRidden } from '../address-request.js';
import { AuthErrors } from '../auth.errors.js';
import { TrustedAddressesService } from '../trusted-addresses.service.js';

/** Judges a request that presented nothing, by where it comes from. */
@Injectable()
export class IpWhitelistStrategy extends PassportStrategy(Strategy, 'ip-whitelist') {
  constructor(
    private readonly trusted: TrustedAddressesService,
    private readonly config: LiveConfig,
  ) {
    super();
  }

  async validate(request: FastifyRequest): Promise<Principal> {
    const { ip, forwardedByStranger, isProxy } = contextOf(request);
    const principal = ip && !forwardedByStranger && !isProxy ? await this.trusted.principalOf(ip) : null;
    if (!principal)
      throw new Unauthenticated(AuthErrors.missingCredential, {}, { headers: { 'www-authenticate': 'Bearer' } });
    assertNotRidden(request, this.config.current);
    return principal;
  }
}
