import fc from 'fast-check';
import { Clock } from './clock.js';
import { requestIdFrom } from './request-id.js';

/** Of version 7, and of the variant of RFC 9562. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

class FixedClock extends Clock {
  constructor(private readonly now: number) {
    super();
  }

  override millis(): number {
    return this.now;
  }
}

const clock = new FixedClock(Date.UTC(2_026, 0, 1));

describe('requestIdFrom', () => {
  it('is always fit for a header, a log line and a column of 64 characters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (sent) => void expect(requestIdFrom(sent, clock)).toMatch(/^[\w.-]{1,64}$/),
      ),
    );
  });

  it.each(['a', 'job-17.step_3', '0'.repeat(64)])('keeps %s', (sent) => expect(requestIdFrom(sent, clock)).toBe(sent));

  it.each([undefined, '', '-a', 'a b', 'a\n', '0'.repeat(65), ['a', 'b']])('makes a new one instead of %j', (sent) => {
    expect(requestIdFrom(sent, clock)).toMatch(UUID);
  });

  it('makes a new one instead of a credential', () => {
    const key = `sk_test_${'A'.repeat(49)}`;
    const refreshToken = `rt1.17.3.${'A'.repeat(43)}`;
    for (const sent of [key, refreshToken, `id-${key}`.slice(0, 64), 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIi.x']) {
      expect(requestIdFrom(sent, clock)).toMatch(UUID);
    }
  });

  it('makes ids whose order is the order of time, and no two alike', () => {
    const instants = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 48 - 1 }), { minLength: 2 });
    fc.assert(
      fc.property(instants, (millis) => {
        const ids = millis.flatMap((now) => [now, now]).map((now) => requestIdFrom(undefined, new FixedClock(now)));
        expect(new Set(ids).size).toBe(ids.length);
        const timeOf = (id: string): number => Number.parseInt(id.slice(0, 13).replace('-', ''), 16);
        expect(ids.map(timeOf)).toEqual(millis.flatMap((now) => [now, now]));
        const sorted = [...ids].sort().map(timeOf);
        expect(sorted).toEqual([...sorted].sort((a, b) => a - b));
      }),
    );
  });
});
