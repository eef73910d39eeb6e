import { Injectable } from '@nestjs/common';
import { Clock, DAY, type Instant, toInstant, toMillis } from '../../common/clock.js';
import type { UsagePeriod } from './usage-counter.entity.js';
import { lengthOf, startOf, type UsageTally } from './usage-tally.js';
import { type UsageActor, UsageRepository, type UsageSpan, type UsageSum } from './usage.repository.js';

export { lengthOf };
export type { UsageActor, UsagePeriod, UsageSpan, UsageSum };

export type CountsByClass = Readonly<Record<string, number>>;

/** One hour or day. */
export interface UsageBucket {
  readonly at: Instant;
  readonly requests: number;
  readonly byClass: CountsByClass;
}

/** What one credential asked for in a span of time; buckets without requests are there, too. */
export interface UsageSummary {
  readonly span: UsageSpan;
  readonly total: number;
  readonly byClass: CountsByClass;
  readonly byRoute: readonly UsageSum[];
  readonly byAddress: readonly UsageSum[];
  readonly buckets: readonly UsageBucket[];
}

/** Longer lists of routes and addresses are cut: who needs all of them has the access log. */
const TOP = 100;

/** Requests of machine credentials, counted by hour and day as they are logged (K4): asking costs the same after years. */
@Injectable()
export class UsageService {
  constructor(
    private readonly counters: UsageRepository,
    private readonly clock: Clock,
  ) {}

  /** To be called in the transaction that writes the access log, so that both say the same. */
  async record(tally: UsageTally): Promise<void> {
    await this.counters.add(tally.counters());
  }

  async summary(span: UsageSpan): Promise<UsageSummary> {
    const [classes, byRoute, byAddress] = await Promise.all([
      this.counters.counters(span, 'class'),
      this.counters.sums(coarse(span), 'route', TOP),
      this.counters.sums(coarse(span), 'address', TOP),
    ]);
    const found = new Map<Instant, Record<string, number>>();
    for (const { startsAt, value, requests } of classes) {
      found.set(startsAt, { ...found.get(startsAt), [value]: requests });
    }
    const buckets = startsIn(span).map((at) => bucketOf(at, found.get(at) ?? {}));
    const byClass = merged(buckets.map((bucket) => bucket.byClass));
    return { span, total: sumOf(byClass), byClass, byRoute, byAddress, buckets };
  }

  /** Requests in each hour of a span that had any, in the order of time. */
  async activeHours(actor: UsageActor, from: Instant, to: Instant): Promise<UsageBucket[]> {
    const { buckets } = await this.summary({ ...actor, period: 'hour', from: startOf('hour', from), to });
    return buckets.filter(({ requests }) => requests > 0);
  }

  /** Each address that was seen in a span, by the hour of its first request there. */
  async addressesSeen(actor: UsageActor, from: Instant, to: Instant): Promise<Map<string, Instant>> {
    const span = { ...actor, period: 'hour' as const, from: startOf('hour', from), to };
    const seen = new Map<string, Instant>();
    for (const { value, startsAt } of await this.counters.counters(span, 'address')) {
      if (!seen.has(value)) seen.set(value, startsAt);
    }
    return seen;
  }

  /** The day (its beginning) on which each address was first seen, as far back as days are kept. */
  addressDays(actor: UsageActor): Promise<Map<string, Instant>> {
    return this.counters.firstDays(actor);
  }

  /** When the credential was last used before `to`: to the hour, or to the day where hours are not kept any more. */
  async lastUseBefore(actor: UsageActor, to: Instant): Promise<Instant | null> {
    return (
      (await this.counters.lastBefore(actor, 'hour', to)) ?? this.counters.lastBefore(actor, 'day', startOf('day', to))
    );
  }

  /** Which permissions each credential made use of within that many days: a refused request uses none. */
  async permissionsUsed(
    actorKind: string,
    actorIds: readonly number[],
    days: number,
  ): Promise<Map<number, Set<string>>> {
    const from = startOf('day', this.clock.instant(-days * DAY));
    const used = new Map<number, Set<string>>(actorIds.map((id) => [id, new Set()]));
    for (const { actorId, value } of await this.counters.permissionsUsed(actorKind, actorIds, from)) {
      used.get(Number(actorId))?.add(value);
    }
    return used;
  }

  removeOlderThan(period: UsagePeriod, moment: Instant, limit: number): Promise<number> {
    return this.counters.removeOlderThan(period, startOf(period, moment), limit);
  }
}

/** The same span with its whole days by the day, which are a twenty-fourth of the counters; hours at its ends. */
function coarse(span: UsageSpan): UsageSpan[] {
  if (span.period === 'day') return [span];
  const [first, last] = [startOf('day', toInstant(toMillis(span.from) + DAY - 1)), startOf('day', span.to)];
  if (first >= last) return [span];
  const parts: UsageSpan[] = [
    { ...span, to: first },
    { ...span, period: 'day', from: first, to: last },
    { ...span, from: last },
  ];
  return parts.filter(({ from, to }) => from < to);
}

function startsIn({ period, from, to }: UsageSpan): Instant[] {
  const length = lengthOf(period);
  const count = Math.max(0, Math.ceil((toMillis(to) - toMillis(from)) / length));
  return Array.from({ length: count }, (_, index) => toInstant(toMillis(from) + index * length));
}

function bucketOf(at: Instant, byClass: CountsByClass): UsageBucket {
  return { at, requests: sumOf(byClass), byClass };
}

function merged(all: readonly CountsByClass[]): CountsByClass {
  const sums: Record<string, number> = {};
  for (const counts of all) {
    for (const [name, requests] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + requests;
  }
  return sums;
}

function sumOf(counts: CountsByClass): number {
  return Object.values(counts).reduce((sum, requests) => sum + requests, 0);
}
