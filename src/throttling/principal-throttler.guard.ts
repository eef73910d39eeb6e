import { type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { MINUTE, SECOND } from '../common/clock.js';
import { principalKey, type PrincipalKind } from '../common/principal.js';
import { contextOf } from '../common/request-context.js';
import type { RateLimitConfig } from '../platform/config/crm-config.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { isOver, limitHeaders, type PolicyName } from './rate-limit.js';
import { Refusals } from './refusals.js';

const POLICIES: Record<Exclude<PrincipalKind, 'system'>, { policy: PolicyName; setting: keyof RateLimitConfig }> = {
  api_key: { policy: 'api-key', setting: 'apiKey' },
  personal_token: { policy: 'personal-token', setting: 'personalToken' },
  user: { policy: 'user', setting: 'user' },
  address: { policy: 'address', setting: 'address' },
};

/** Counts each principal's requests over all routes, whatever address they come from (L1, L2). */
@Injectable()
export class PrincipalThrottlerGuard extends ThrottlerGuard {
  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    private readonly config: LiveConfig,
    private readonly refusals: Refusals,
  ) {
    super(options, storage, reflector);
  }

  /** One limit, the principal's: what the base class looks up for each route and throttler is set nowhere here. */
  override async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { principal } = contextOf(http.getRequest<FastifyRequest>());
    if (!principal || principal.kind === 'system') return true;
    const { policy, setting } = POLICIES[principal.kind];
    const perMinute = principal.rateLimit ?? this.config.current.rateLimits[setting];
    if (perMinute === 0) return true;
    const name = `${policy}/${principalKey(principal)}`;
    const record = await this.storageService.increment(name, MINUTE, perMinute, MINUTE, policy);
    const count = { used: record.totalHits, resetsInMs: record.timeToExpire * SECOND };
    const limit = { policy, perMinute, count };
    if (isOver(limit)) throw this.refusals.tooMany(limit);
    http.getResponse<FastifyReply>().headers(limitHeaders(limit));
    return true;
  }
}
