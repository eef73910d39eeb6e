import fc from 'fast-check';
import { requestIdFrom } from './request-id.js';

const UUID = /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/;

describe('requestIdFrom', () => {
  it('is always fit for a header, a log line and a column of 64 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (sent) => void expect(requestIdFrom(sent)).toMatch(/^[\w.-]{1,64}$/)),
    );
  });

  it.each(['a', 'job-17.step_3', '0'.repeat(64)])('keeps %s', (sent) => expect(requestIdFrom(sent)).toBe(sent));

  it.each([undefined, '', '-a', 'a b', 'a\n', '0'.repeat(65), ['a', 'b']])('makes a new one instead of %j', (sent) => {
    expect(requestIdFrom(sent)).toMatch(UUID);
  });

  it('makes a new one instead of a credential', () => {
    const key = `sk_test_${'A'.repeat(49)}`;
    const refreshToken = `rt1.17.3.${'A'.repeat(43)}`;
    for (const sent of [key, refreshToken, `id-${key}`.slice(0, 64), 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIi.x']) {
      expect(requestIdFrom(sent)).toMatch(UUID);
    }
  });
});
