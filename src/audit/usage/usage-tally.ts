import { DAY, HOUR, type Instant, toInstant, toMillis } from '../../common/clock.js';
import type { AnsweredRequest } from '../answered-request.js';
import type { UsageCounter, UsageDimension, UsagePeriod } from './usage-counter.entity.js';

/** Machine credentials are counted; a person's requests are in the access log and no further. */
const COUNTED = new Set(['api_key', 'personal_token']);
const LENGTHS: Record<UsagePeriod, number> = { hour: HOUR, day: DAY };
const VALUE_LENGTH = 200;

export function lengthOf(period: UsagePeriod): number {
  return LENGTHS[period];
}

/** The beginning of the hour or day (UTC) that an instant lies in. */
export function startOf(period: UsagePeriod, at: Instant): Instant {
  const length = lengthOf(period);
  return toInstant(Math.floor(toMillis(at) / length) * length);
}

/** Requests that count towards the same counters, one of them and how many there are: most of a batch are alike. */
interface Alike {
  readonly one: AnsweredRequest;
  requests: number;
}

/** Answered requests as the few counters that grow by them. */
export class UsageTally {
  private readonly found = new Map<string, Alike>();

  count(one: AnsweredRequest): void {
    const { actorKind, actorId, at, status, method, route, address, permission } = one;
    if (actorKind === null || actorId === null || !COUNTED.has(actorKind)) return;
    const key = `${actorKind}\n${actorId}\n${hourOf(at)}\n${status}\n${method}\n${route}\n${address}\n${permission}`;
    const others = this.found.get(key);
    if (others) others.requests += 1;
    else this.found.set(key, { one, requests: 1 });
  }

  /** In the order of their key: two nodes never deadlock. */
  counters(): UsageCounter[] {
    const counters = new Map<string, UsageCounter>();
    for (const counted of [...this.found.values()].flatMap(countersOf)) {
      const { actorKind, actorId, period, dimension, startsAt, value } = counted;
      const key = [actorKind, actorId, period, dimension, startsAt, value].join('\n');
      const counter = counters.get(key);
      if (counter) counter.requests += counted.requests;
      else counters.set(key, counted);
    }
    return [...counters].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, counter]) => counter);
  }
}

/** As text, which is what an instant is: `2026-11-21T09`. */
function hourOf(at: Instant): string {
  return at.slice(0, 13);
}

function countersOf({ one, requests }: Alike): UsageCounter[] {
  const { actorKind, actorId, at } = one;
  if (actorKind === null || actorId === null) return [];
  const properties = propertiesOf(one);
  return (['day', 'hour'] as const).flatMap((period) => {
    const startsAt = startOf(period, at);
    return properties.map(([dimension, value]) => {
      return { actorKind, actorId, period, dimension, startsAt, value, requests };
    });
  });
}

function propertiesOf({ status, method, route, address, permission }: AnsweredRequest): [UsageDimension, string][] {
  const properties: [UsageDimension, string][] = [
    ['class', `${Math.floor(status / 100)}xx`],
    ['address', address],
  ];
  if (route !== null) properties.push(['route', `${method} ${route}`.slice(0, VALUE_LENGTH)]);
  if (permission !== null) properties.push(['permission', permission]);
  return properties;
}
