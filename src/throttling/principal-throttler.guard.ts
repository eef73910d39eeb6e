import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  InjectThrottlerOptions,
  InjectThrottlerStorage,
  ThrottlerGuard,
  type ThrottlerModuleOptions,
  type ThrottlerRequest,
  type ThrottlerStorage,
} from '@nestjs/throttler';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Principal, principalKey, type PrincipalKind } from '../common/principal.js';
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

  protected override async handleRequest({ context, ttl }: ThrottlerRequest): Promise<boolean> {
    const { principal } = contextOf(context.switchToHttp().getRequest<FastifyRequest>());
    if (!principal || principal.kind === 'system') return true;
    const { policy, setting } = POLICIES[principal.kind];
    const perMinute = principal.rateLimit ?? this.config.current.rateLimits[setting];
    if (perMinute === 0) return true;
    const limit = { policy, perMinute, count: await this.count(principal, { policy, perMinute, ttl }) };
    if (isOver(limit)) throw this.refusals.tooMany(limit);
    context.switchToHttp().getResponse<FastifyReply>().headers(limitHeaders(limit));
    return true;
  }

  private async count(
    principal: Principal,
    { policy, perMinute, ttl }: { policy: PolicyName; perMinute: number; ttl: number },
  ): Promise<{ used: number; resetsInMs: number }> {
    const name = `${policy}/${principalKey(principal)}`;
    const record = await this.storageService.increment(name, ttl, perMinute, ttl, policy);
    return { used: record.totalHits, resetsInMs: record.timeToExpire * 1_000 };
  }
}
