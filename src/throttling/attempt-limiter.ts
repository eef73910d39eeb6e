import { Injectable } from '@nestjs/common';
import type { TooManyRequests } from '../common/errors.js';
import { formatAddress, type IpAddress, IpRange } from '../common/ip-range.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { RateCounters } from './rate-counters.js';
import { isOver, type Limit, limitHeaders } from './rate-limit.js';
import { Refusals } from './refusals.js';

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
    private readonly refusals: Refusals,
  ) {}

  /**
   * Counts the attempt before anything is verified, so that a thousand at once do not all reach the password. `refused`
   * holds the 429 when the account or the address has used up its minute, and says whether this is news.
   */
  beginLogin(email: string, client: string): Attempt {
    const perMinute = this.config.current.rateLimits.login;
    if (perMinute === 0) return { names: [], limits: [] };
    const account = `login/account/${email}`;
    const address = `login/address/${client}`;
    // The address first: one that is over may not open a counter for each name that it can think of.
    const byAddress = this.count({ policy: 'login', perMinute }, address);
    if (isOver(byAddress)) return this.refused(byAddress);
    const byAccount = this.count({ policy: 'login', perMinute }, account);
    if (!isOver(byAccount)) return { names: [account, address], limits: [byAccount, byAddress] };
    // The address does not pay for an attempt that is not made.
    this.counters.giveBack(address);
    return this.refused(byAccount);
  }

  /** Takes the attempt back, and answers with what the limits are then. */
  succeeded({ names, limits }: Attempt): Attempt {
    for (const name of names) this.counters.giveBack(name);
    const before = ({ count, ...limit }: Limit): Limit => ({ ...limit, count: { ...count, used: count.used - 1 } });
    return { names: [], limits: limits.map(before) };
  }

  /** Counts a mail that a stranger makes us send. Throws 429 once the address had its minute. */
  askForMail(client: string): void {
    const perMinute = this.config.current.rateLimits.login;
    if (perMinute === 0) return;
    const limit = this.count({ policy: 'login', perMinute }, `mail/address/${client}`);
    if (isOver(limit)) throw this.refusals.tooMany(limit);
  }

  /**
   * Counts a credential that proved nothing, and answers with the header fields of that limit. Throws 429 instead of the
   * caller's 401 once the address had its minute.
   */
  failedAuthentication(client: string): Record<string, string> {
    const perMinute = this.config.current.rateLimits.failedAuth;
    if (perMinute === 0) return {};
    const limit = this.count({ policy: 'failed-auth', perMinute }, `failed-auth/${client}`);
    if (isOver(limit)) throw this.refusals.tooMany(limit, 'failures');
    return limitHeaders(limit);
  }

  private count(limit: Omit<Limit, 'count'>, name: string): Limit {
    return { ...limit, count: this.counters.take(name, limit.perMinute) };
  }

  /** Only the first one over the limit is news: those after it add nothing to the record. */
  private refused(over: Limit): Attempt {
    const isNews = over.count.used === over.perMinute + 1;
    return { names: [], limits: [over], refused: { error: this.refusals.tooMany(over, 'failures'), isNews } };
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
