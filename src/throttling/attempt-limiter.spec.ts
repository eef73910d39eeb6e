import { Clock } from '../common/clock.js';
import { TooManyRequests } from '../common/errors.js';
import { parseAddress } from '../common/ip-range.js';
import type { LiveConfig } from '../platform/config/live-config.js';
import { attemptHeaders, AttemptLimiter, clientNetwork } from './attempt-limiter.js';
import { Metrics } from '../platform/metrics/metrics.service.js';
import { RateCounters } from './rate-counters.js';
import { Refusals } from './refusals.js';

class Stopped extends Clock {
  override millis(): number {
    return 0;
  }
}

function setUp(rateLimits = { login: 3, failedAuth: 2 }) {
  const counters = new RateCounters(new Stopped());
  const take = jest.spyOn(counters, 'take');
  return {
    take,
    limiter: new AttemptLimiter(
      counters,
      { current: { rateLimits } } as unknown as LiveConfig,
      new Refusals(new Metrics()),
    ),
  };
}

describe('AttemptLimiter', () => {
  it('refuses the attempt after the last one, for the account and for the address', () => {
    const { limiter } = setUp();
    for (let index = 0; index < 3; index += 1)
      expect(limiter.beginLogin('a', `address ${index}`).refused).toBeUndefined();
    expect(limiter.beginLogin('a', 'address 9').refused?.error).toBeInstanceOf(TooManyRequests);
    for (let index = 0; index < 3; index += 1) limiter.beginLogin(`account ${index}`, 'b');
    expect(limiter.beginLogin('account 9', 'b').refused?.error).toBeInstanceOf(TooManyRequests);
  });

  it('tells the first refusal from those after it', () => {
    const { limiter } = setUp();
    const news = Array.from({ length: 6 }, () => limiter.beginLogin('a', 'b').refused?.isNews);
    expect(news).toEqual([undefined, undefined, undefined, true, false, false]);
  });

  it('lets an address that is over open no counters for the names it can think of', () => {
    const { limiter, take } = setUp();
    for (let index = 0; index < 4; index += 1) limiter.beginLogin(`account ${index}`, 'b');
    take.mockClear();
    for (let index = 0; index < 100; index += 1) limiter.beginLogin(`other ${index}`, 'b');
    expect(new Set(take.mock.calls.map(([name]) => name))).toEqual(new Set(['login/address/b']));
  });

  it('does not let the address pay for an account that is locked', () => {
    const { limiter } = setUp();
    for (let index = 0; index < 3; index += 1) limiter.beginLogin('a', `address ${index}`);
    for (let index = 0; index < 10; index += 1) limiter.beginLogin('a', 'b');
    expect(limiter.beginLogin('c', 'b').refused).toBeUndefined();
  });

  it('takes a success back and says what is left then', () => {
    const { limiter } = setUp();
    limiter.beginLogin('a', 'b');
    const attempt = limiter.beginLogin('a', 'b');
    expect(attemptHeaders(attempt).ratelimit).toBe('"login";r=1;t=60');
    expect(attemptHeaders(limiter.succeeded(attempt)).ratelimit).toBe('"login";r=2;t=60');
    expect(attemptHeaders(limiter.beginLogin('a', 'b')).ratelimit).toBe('"login";r=1;t=60');
  });

  it('shows the tighter of the two limits', () => {
    const { limiter } = setUp();
    limiter.beginLogin('a', 'b');
    expect(attemptHeaders(limiter.beginLogin('c', 'b')).ratelimit).toBe('"login";r=1;t=60');
    expect(attemptHeaders(limiter.beginLogin('a', 'd')).ratelimit).toBe('"login";r=1;t=60');
  });

  it('turns failed authentication into 429 after the last one', () => {
    const { limiter } = setUp();
    expect(limiter.failedAuthentication('b')).toMatchObject({ ratelimit: '"failed-auth";r=1;t=60' });
    expect(limiter.failedAuthentication('b')).toMatchObject({ ratelimit: '"failed-auth";r=0;t=60' });
    expect(() => limiter.failedAuthentication('b')).toThrow(TooManyRequests);
    expect(limiter.failedAuthentication('c')).toMatchObject({ ratelimit: '"failed-auth";r=1;t=60' });
  });

  it('counts nothing where the limit is 0', () => {
    const { limiter, take } = setUp({ login: 0, failedAuth: 0 });
    for (let index = 0; index < 9; index += 1) {
      expect(attemptHeaders(limiter.beginLogin('a', 'b'))).toEqual({});
      expect(limiter.failedAuthentication('b')).toEqual({});
    }
    expect(take).not.toHaveBeenCalled();
  });
});

describe('clientNetwork', () => {
  it.each([
    ['198.51.100.1', '198.51.100.1'],
    ['::ffff:198.51.100.1', '198.51.100.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ])('of %s is %s', (address, network) => expect(clientNetwork(parseAddress(address))).toBe(network));

  it('of nobody is one for all', () => expect(clientNetwork(null)).toBe('unknown'));
});
