import { Injectable } from '@nestjs/common';
import { labelText, type Sample } from './exposition.js';
import { Metrics } from './metrics.service.js';

/** Seconds. Most answers take one or two thousandths; beyond ten nobody waits any more. */
const BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);
const OTHER_METHOD = 'other';
/** One label for all that leads nowhere: paths are what clients make up. */
const UNROUTED = 'unrouted';

interface Durations {
  readonly labels: string;
  /** How many fell between a bound and the one before it; the last are those beyond all bounds. */
  readonly counts: number[];
  sum: number;
}

interface Series {
  readonly labels: string;
  readonly durations: Durations;
  count: number;
}

export interface EndedRequest {
  /** The template, or undefined where there was none. */
  readonly route: string | undefined;
  readonly method: string;
  readonly status: number;
  readonly millis: number;
}

/**
 * What is counted of every request, so it costs three look-ups and three additions: no string is made, and nothing is left
 * for the garbage collector (docs/adr/0014). The text is made when somebody asks for it.
 */
@Injectable()
export class RequestMetrics {
  private readonly routes = new Map<string, Map<string, Map<number, Series>>>();
  private readonly durations = new Map<string, Durations>();
  private inFlight = 0;

  constructor(metrics: Metrics) {
    metrics.register(
      {
        name: 'http_requests_total',
        type: 'counter',
        help: 'Requests that were answered, refused ones included; 499 where the client hung up first.',
        labels: ['route', 'method', 'status'],
        read: () => this.totals(),
      },
      {
        name: 'http_request_duration_seconds',
        type: 'histogram',
        help: 'From the arrival of a request to the end of its answer.',
        labels: ['route', 'method', 'status_class'],
        read: () => this.histogram(),
      },
      {
        name: 'http_requests_in_flight',
        type: 'gauge',
        help: 'Requests that are being answered.',
        read: () => this.inFlight,
      },
    );
  }

  begun(): void {
    this.inFlight += 1;
  }

  ended(request: EndedRequest): void {
    this.inFlight -= 1;
    this.count(request);
  }

  count({ route = UNROUTED, method, status, millis }: EndedRequest): void {
    const series = this.routes.get(route)?.get(method)?.get(status) ?? this.open(route, method, status);
    const { durations } = series;
    const seconds = millis / 1_000;
    let bucket = 0;
    while (seconds > (BOUNDS[bucket] ?? Infinity)) bucket += 1;
    series.count += 1;
    durations.sum += seconds;
    durations.counts[bucket] = (durations.counts[bucket] ?? 0) + 1;
  }

  /** The first request of its kind. A method that nobody knows shares one series, and is looked up no more than once. */
  private open(route: string, given: string, status: number): Series {
    const method = METHODS.has(given) ? given : OTHER_METHOD;
    const methods = getOrMake(this.routes, route, () => new Map<string, Map<number, Series>>());
    const statuses = getOrMake(methods, method, () => new Map<number, Series>());
    return getOrMake(statuses, status, () => {
      const durations = this.durationsOf({ route, method, status_class: `${Math.floor(status / 100)}xx` });
      return { labels: labelText({ route, method, status: String(status) }), durations, count: 0 };
    });
  }

  private durationsOf(labels: Readonly<Record<string, string>>): Durations {
    const text = labelText(labels);
    const empty = (): Durations => ({ labels: text, counts: [...BOUNDS, Infinity].map(() => 0), sum: 0 });
    return getOrMake(this.durations, text, empty);
  }

  private totals(): Sample[] {
    const all = [...this.routes.values()].flatMap((methods) => [...methods.values()]);
    return all.flatMap((statuses) => [...statuses.values()]).map(({ labels, count }) => ({ labels, value: count }));
  }

  private histogram(): Sample[] {
    return [...this.durations.values()].flatMap(({ labels, counts, sum }) => {
      let upTo = 0;
      const buckets = counts.map((count, index): Sample => {
        upTo += count;
        return { suffix: '_bucket', labels: `${labels},le="${BOUNDS[index] ?? '+Inf'}"`, value: upTo };
      });
      return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: upTo }];
    });
  }
}

function getOrMake<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = known.get(key);
  if (value === undefined) known.set(key, (value = make()));
  return value;
}
