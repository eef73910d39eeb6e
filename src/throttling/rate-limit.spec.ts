import fc from 'fast-check';
import { isOver, type Limit, limitHeaders, tooMany } from './rate-limit.js';

const limit = (used: number, resetsInMs: number, perMinute = 60): Limit => ({
  policy: 'api-key',
  perMinute,
  count: { used, resetsInMs },
});

describe('the RateLimit fields', () => {
  it('are structured fields as the contract shows them', () => {
    expect(limitHeaders(limit(1, 60_000))).toEqual({
      'ratelimit-policy': '"api-key";q=60;w=60',
      ratelimit: '"api-key";r=59;t=60',
    });
  });

  it('never promise more than there is, and never send anybody back too early', () => {
    const counts = fc.tuple(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 60_000 }));
    fc.assert(
      fc.property(counts, fc.integer({ min: 1, max: 50 }), ([used, resetsInMs], perMinute) => {
        const one = limit(used, resetsInMs, perMinute);
        const [, r, t] = /^"api-key";r=(\d+);t=(\d+)$/.exec(limitHeaders(one).ratelimit ?? '') ?? [];
        expect(Number(r)).toBe(Math.max(0, perMinute - used));
        expect(Number(t) * 1_000).toBeGreaterThanOrEqual(resetsInMs);
        expect(Number(t) * 1_000).toBeLessThan(resetsInMs + 1_000);
        expect(isOver(one)).toBe(used > perMinute);
        expect(tooMany(one).extras.headers).toEqual({ ...limitHeaders(one), 'retry-after': t });
      }),
    );
  });

  it('say in words what they say in numbers', () => {
    expect(tooMany(limit(61, 41_500)).message).toContain('60 requests a minute (api-key). Come back in 42 seconds');
  });
});
