import fc from 'fast-check';
import type { AnsweredRequest } from '../answered-request.js';
import type { UsageCounter } from './usage-counter.entity.js';
import { startOf, UsageTally } from './usage-tally.js';

const LINE = { actorName: 'a key', path: '/', userAgent: null, durationMs: 1, isOutdated: false, requestId: 'x' };

/** Few values of each property, so that many requests are alike in some of them. */
const requests = fc.array(
  fc.record<AnsweredRequest>({
    ...Object.fromEntries(Object.entries(LINE).map(([name, value]) => [name, fc.constant(value)])),
    actorKind: fc.constantFrom('api_key', 'personal_token', 'user', null),
    actorId: fc.constantFrom(1, 2, null),
    at: fc.constantFrom(
      '2026-11-21T09:00:00.000Z',
      '2026-11-21T09:59:59.999Z',
      '2026-11-21T23:00:00.000Z',
      '2026-11-22T00:00:00.000Z',
    ),
    method: fc.constantFrom('GET', 'POST'),
    route: fc.constantFrom('/a', '/b', null),
    status: fc.constantFrom(200, 201, 404),
    address: fc.constantFrom('127.0.0.1', '::1'),
    permission: fc.constantFrom('view', null),
  } as never),
);

function tally(all: readonly AnsweredRequest[]): UsageCounter[] {
  const usage = new UsageTally();
  for (const one of all) usage.count(one);
  return usage.counters();
}

describe('UsageTally', () => {
  it('counts each request of a machine credential once in each of its hour and day, by every property that it has', () => {
    fc.assert(
      fc.property(requests, (all) => {
        const found = tally(all);
        for (const { actorKind, actorId, period, dimension, startsAt, value, requests: count } of found) {
          const counted = all.filter((one) => {
            const by = { class: `${Math.floor(one.status / 100)}xx`, address: one.address, permission: one.permission };
            const values = { ...by, route: one.route === null ? null : `${one.method} ${one.route}` };
            const isOf = one.actorKind === actorKind && one.actorId === actorId && startOf(period, one.at) === startsAt;
            return isOf && values[dimension] === value;
          });
          expect(count).toBe(counted.length);
        }
        const machines = all.filter(
          ({ actorKind, actorId }) => actorKind !== 'user' && actorKind !== null && actorId !== null,
        );
        const sum = (dimension: string) =>
          found.filter((counter) => counter.dimension === dimension).reduce((total, it) => total + it.requests, 0);
        expect(sum('class')).toBe(2 * machines.length);
        expect(sum('address')).toBe(2 * machines.length);
        expect(sum('route')).toBe(2 * machines.filter(({ route }) => route !== null).length);
        expect(sum('permission')).toBe(2 * machines.filter(({ permission }) => permission !== null).length);
      }),
    );
  });

  it('orders the counters alike whatever the order of the requests: two nodes never wait for each other', () => {
    fc.assert(
      fc.property(requests, (all) => {
        expect(tally([...all].reverse())).toEqual(tally(all));
      }),
    );
  });
});
