import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { InjectThrottlerStorage } from '@nestjs/throttler';
import { SECOND } from '../common/clock.js';
import { replyOf, requestOf } from '../common/http-exchange.js';
import { principalKey, type PrincipalKind } from '../common/principal.js';
import { contextOf } from '../common/request-context.js';
import type { RateLimitConfig } from '../platform/config/crm-config.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { RateCounterStorage } from './rate-counter.storage.js';
import { isOver, limitHeaders, type PolicyName } from './rate-limit.js';
import { Refusals } from './refusals.js';

const POLICIES: Record<Exclude<PrincipalKind, 'system'>, { policy: PolicyName; setting: keyof RateLimitConfig }> = {
  api_key: { policy: 'api-key', setting: 'apiKey' },
  personal_token: { policy: 'personal-token', setting: 'personalToken' },
  user: { policy: 'user', setting: 'user' },
  address: { policy: 'address', setting: 'address' },
};

/**
 * Counts each principal's requests over all routes, whatever address they come from (L1, L2). The library's own guard looks
 * up a limit for each route and throttler, which is set nowhere here, and lets every request wait for its count.
 */
@Injectable()
export class PrincipalThrottlerGuard implements CanActivate {
  constructor(
    @InjectThrottlerStorage() private readonly storage: RateCounterStorage,
    private readonly config: LiveConfig,
    private readonly refusals: Refusals,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const { principal } = contextOf(requestOf(context));
    if (!principal || principal.kind === 'system') return true;
    const { policy, setting } = POLICIES[principal.kind];
    const perMinute = principal.rateLimit ?? this.config.current.rateLimits[setting];
    if (perMinute === 0) return true;
    const name = `${policy}/${principalKey(principal)}`;
    const record = this.storage.take(name, perMinute);
    const count = { used: record.totalHits, resetsInMs: record.timeToExpire * SECOND };
    const limit = { policy, perMinute, count };
    if (isOver(limit)) throw this.refusals.tooMany(limit);
    replyOf(context).headers(limitHeaders(limit));
    return true;
  }
}
