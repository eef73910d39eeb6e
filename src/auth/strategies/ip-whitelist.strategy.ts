import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport-custom';
import type { Principal } from '../../common/principal.js';
import { AddressJudge } from '../address-judge.js';

/** Judges a request that presented nothing, by where it comes from. */
@Injectable()
export class IpWhitelistStrategy extends PassportStrategy(Strategy, 'ip-whitelist') {
  constructor(private readonly addresses: AddressJudge) {
    super();
  }

  validate(request: FastifyRequest): Promise<Principal> {
    return this.addresses.principalOf(request);
  }
}
