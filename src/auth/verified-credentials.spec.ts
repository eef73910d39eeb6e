import { Clock } from '../common/clock.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import type { Revisions } from '../platform/database/revisions.js';
import { VerifiedCredentials } from './verified-credentials.js';

class Hand extends Clock {
  now = 0;
  override millis(): number {
    return this.now;
  }
}

function setUp() {
  const clock = new Hand();
  let stale = (): void => undefined;
  const revisions = {
    epoch: 0,
    isFresh: jest.fn(() => true),
    onStale: (listener: () => void) => void (stale = listener),
  };
  const change = (): void => {
    revisions.epoch += 1;
    stale();
  };
  return { clock, revisions, change, cache: new VerifiedCredentials(revisions as unknown as Revisions, clock) };
}

const principal = (expiresAt: string | null = null): Principal => ({ ...systemPrincipal('somebody'), expiresAt });
const answering = (found: Principal) => jest.fn(() => Promise.resolve(found));

describe('VerifiedCredentials', () => {
  it('asks once for one credential', async () => {
    const { cache } = setUp();
    const verify = answering(principal());
    const first = await cache.get('a', verify);
    expect(await cache.get('a', verify)).toBe(first);
    expect(verify).toHaveBeenCalledTimes(1);
    await cache.get('b', verify);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('asks again after any change', async () => {
    const { cache, change } = setUp();
    await cache.get('a', answering(principal()));
    change();
    const verify = answering(principal());
    await cache.get('a', verify);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('does not keep what was read before a change that came in between', async () => {
    const { cache, change } = setUp();
    const old = principal();
    const slow = jest.fn(() => {
      change();
      return Promise.resolve(old);
    });
    await cache.get('a', slow);
    expect(await cache.get('a', answering(principal()))).not.toBe(old);
  });

  it('asks each time while nobody knows what changed', async () => {
    const { cache, revisions } = setUp();
    const verify = answering(principal());
    await cache.get('a', verify);
    revisions.isFresh.mockReturnValue(false);
    await cache.get('a', verify);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('asks again from the very moment that it expires', async () => {
    const { cache, clock } = setUp();
    const verify = answering(principal(clock.instant(1_000)));
    await cache.get('a', verify);
    clock.now = 999;
    await cache.get('a', verify);
    expect(verify).toHaveBeenCalledTimes(1);
    clock.now = 1_000;
    await cache.get('a', verify);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('remembers no failure', async () => {
    const { cache } = setUp();
    await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const found = principal();
    expect(await cache.get('a', answering(found))).toBe(found);
  });

  it('forgets the oldest when there are too many', async () => {
    const { cache } = setUp();
    const verify = answering(principal());
    for (let index = 0; index <= 10_000; index += 1) await cache.get(String(index), verify);
    verify.mockClear();
    await cache.get('10000', verify);
    expect(verify).not.toHaveBeenCalled();
    await cache.get('0', verify);
    expect(verify).toHaveBeenCalledTimes(1);
  });
});
