import fc from 'fast-check';
import { Clock } from '../common/clock.js';
import { RateCounters } from './rate-counters.js';

class Hand extends Clock {
  now = 1_000;
  override millis(): number {
    return this.now;
  }
}

const MINUTE = 60_000;

describe('RateCounters', () => {
  it('counts per name, in a minute that begins with the first use', () => {
    const clock = new Hand();
    const counters = new RateCounters(clock);
    expect(counters.take('a', 5)).toEqual({ used: 1, resetsInMs: MINUTE });
    clock.now += 59_999;
    expect(counters.take('a', 5)).toEqual({ used: 2, resetsInMs: 1 });
    expect(counters.take('b', 5)).toEqual({ used: 1, resetsInMs: MINUTE });
    clock.now += 1;
    expect(counters.take('a', 5)).toEqual({ used: 1, resetsInMs: MINUTE });
  });

  it('lets through exactly the limit in each window, however the uses are spread', () => {
    const limits = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(limits, fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 200 }), (limit, pauses) => {
        const clock = new Hand();
        const counters = new RateCounters(clock);
        const allowed = new Map<number, number>();
        for (const pause of pauses) {
          clock.now += pause;
          const { used, resetsInMs } = counters.take('a', limit);
          const window = clock.now + resetsInMs;
          if (used <= limit) allowed.set(window, (allowed.get(window) ?? 0) + 1);
          expect(resetsInMs).toBeGreaterThan(0);
        }
        for (const count of allowed.values()) expect(count).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('says once that the limit was passed', () => {
    const counters = new RateCounters(new Hand());
    const used = Array.from({ length: 6 }, () => counters.take('a', 2).used);
    expect(used).toEqual([1, 2, 3, 4, 4, 4]);
  });

  it('gives back what was taken, and never more', () => {
    const counters = new RateCounters(new Hand());
    counters.take('a', 5);
    for (let index = 0; index < 3; index += 1) counters.giveBack('a');
    counters.giveBack('unknown');
    expect(counters.take('a', 5).used).toBe(1);
  });

  it('keeps a live counter while a hundred thousand dead ones are swept', () => {
    const clock = new Hand();
    const counters = new RateCounters(clock);
    for (let index = 0; index < 99_999; index += 1) counters.take(`old ${index}`, 5);
    clock.now += MINUTE;
    for (let index = 0; index < 3; index += 1) counters.take('live', 5);
    for (let index = 0; index < 50_000; index += 1) counters.take(`new ${index}`, 5);
    expect(counters.take('live', 5).used).toBe(4);
  });
});
