import { defineErrors, TooManyRequests } from '../common/errors.js';
import type { Count } from './rate-counters.js';

/** Names as in `rate_limits` of the config, with hyphens: clients see them in the header fields. */
export const POLICY_NAMES = ['api-key', 'personal-token', 'user', 'address', 'login', 'failed-auth'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

export const ThrottlingErrors = defineErrors('throttling', {
  tooMany:
    'More than {limit} requests a minute ({policy}). Come back in {seconds} seconds, and back off while this lasts.',
  tooManyFailures: 'Too many failed attempts ({policy}). Come back in {seconds} seconds.',
});

export interface Limit {
  readonly policy: PolicyName;
  readonly perMinute: number;
  readonly count: Count;
}

export function isOver({ perMinute, count }: Limit): boolean {
  return count.used > perMinute;
}

/** The IETF RateLimit fields (httpapi draft): what the policy is, what is left of it, and for how long. */
export function limitHeaders(limit: Limit): Record<string, string> {
  const { policy, perMinute, count } = limit;
  return {
    'ratelimit-policy': `"${policy}";q=${perMinute};w=60`,
    ratelimit: `"${policy}";r=${Math.max(0, perMinute - count.used)};t=${secondsLeft(limit)}`,
  };
}

/** 429 with `Retry-After`, never earlier than the `t` that the same answer states. */
export function tooMany(limit: Limit, kind: 'requests' | 'failures' = 'requests'): TooManyRequests {
  const seconds = secondsLeft(limit);
  const definition = kind === 'requests' ? ThrottlingErrors.tooMany : ThrottlingErrors.tooManyFailures;
  const headers = { ...limitHeaders(limit), 'retry-after': String(seconds) };
  return new TooManyRequests(definition, { limit: limit.perMinute, policy: limit.policy, seconds }, { headers });
}

function secondsLeft({ count }: Limit): number {
  return Math.max(1, Math.ceil(count.resetsInMs / 1_000));
}
