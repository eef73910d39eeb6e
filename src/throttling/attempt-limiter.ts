import { Injectable } from '@nestjs/common';
import type { TooManyRequests } from '../common/errors.js';
import { formatAddress, type IpAddress, IpRange } from '../common/ip-range.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { RateCounters } from './rate-counters.js';
import { isOver, type Limit, limitHeaders, tooMany } from './rate-limit.js';

/** One attempt to prove something. It counts from its beginning; only a success takes it back. */
export interface Attempt {
  readonly names: readonly string[];
  readonly limits: readonly Limit[];
  readonly refused?: { readonly error: TooManyRequests; readonly isNews: boolean };
}

/** Limits failed authentication by address, and login by account and address (L3, A5). */
@Injectable()
export class AttemptLimiter {
  constructor(
    private readonly counters: RateCounters,
    private readonly config: LiveConfig,
  ) {}

  /**
   * Counts the attempt before anything is verified, so that a thousand at once do not all reach the password. `refused`
   * holds the 429 when the account or the address has used up its minute, and says whether this is news.
   */
  beginLogin(account: string, client: string): Attempt {
    const perMinute = this.config.current.rateLimits.login;
    if (perMinute === 0) return { names: [], limits: [] };
    const names = [`login/account/${account}`, `login/address/${client}`];
    const limits = names.map((name): Limit => ({
      policy: 'login',
      perMinute,
      count: this.counters.take(name, perMinute),
    }));
    const over = limits.find(isOver);
    if (!over) return { names, limits };
    // The one that is over counts no further; the other must not pay for an attempt that is not made.
    names.forEach((name, index) => !isOver(limits[index] ?? over) && this.counters.giveBack(name));
    return {
      names: [],
      limits,
      refused: { error: tooMany(over, 'failures'), isNews: over.count.used === perMinute + 1 },
    };
  }

  succeeded(attempt: Attempt): void {
    for (const name of attempt.names) this.counters.giveBack(name);
  }

  /** Forgets the failures of one account, so that a lock-out from outside keeps nobody out who was helped. */
  unlock(account: string): void {
    this.counters.reset(`login/account/${account}`);
  }

  /** Counts a credential that proved nothing. Throws 429 instead of the caller's 401 once the address had its minute. */
  failedAuthentication(client: string): void {
    const perMinute = this.config.current.rateLimits.failedAuth;
    if (perMinute === 0) return;
    const count = this.counters.take(`failed-auth/${client}`, perMinute);
    const limit: Limit = { policy: 'failed-auth', perMinute, count };
    if (isOver(limit)) throw tooMany(limit, 'failures');
  }
}

/** The header fields of the tighter of the attempt's two limits. */
export function attemptHeaders({ limits }: Attempt): Record<string, string> {
  const [tightest] = [...limits].sort((a, b) => b.count.used - a.count.used);
  return tightest ? limitHeaders(tightest) : {};
}

/** An IPv6 customer has a /64 to choose addresses from, so that is what failures are counted by. */
export function clientNetwork(ip: IpAddress | null): string {
  if (ip === null) return 'unknown';
  return ip.version === 4 ? formatAddress(ip) : IpRange.of(ip, 64).toString();
}
