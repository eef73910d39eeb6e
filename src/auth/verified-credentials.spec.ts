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

  describe('of many requests at once with one credential', () => {
    /** A verification that ends when it is told to. */
    const held = () => {
      const { promise, resolve, reject } = Promise.withResolvers<Principal>();
      return { verify: jest.fn(() => promise), resolve, reject };
    };
    const many = (cache: VerifiedCredentials, verify: () => Promise<Principal>) =>
      Array.from({ length: 5 }, () => cache.get('a', verify));

    it('verifies the first alone', async () => {
      const { cache } = setUp();
      const { verify, resolve } = held();
      const asked = many(cache, verify);
      const found = principal();
      resolve(found);
      for (const answer of await Promise.all(asked)) expect(answer).toBe(found);
      expect(verify).toHaveBeenCalledTimes(1);
      expect(cache).toMatchObject({ hits: 4, misses: 1 });
    });

    it('lets nobody wait for the verification of another credential', async () => {
      const { cache } = setUp();
      const { verify, resolve } = held();
      const first = cache.get('a', verify);
      const other = principal();
      expect(await cache.get('b', answering(other))).toBe(other);
      resolve(principal());
      await first;
    });

    it.each<[string, (first: ReturnType<typeof held>, change: () => void) => void]>([
      ['is refused, for the reason may be its own', ({ reject }) => reject(new Error('not from this address'))],
      [
        'was read before a change',
        ({ resolve }, change) => {
          change();
          resolve(principal());
        },
      ],
      [
        'is over by now',
        ({ resolve }) => {
          resolve(principal('1969-12-31T23:59:59.999Z'));
        },
      ],
    ])('verifies each of the others where the first %s', async (_, end) => {
      const { cache, change } = setUp();
      const first = held();
      const begun = cache.get('a', first.verify);
      const verify = answering(principal());
      const others = many(cache, verify);
      expect(verify).not.toHaveBeenCalled();
      end(first, change);
      await begun.catch(() => undefined);
      await Promise.all(others);
      expect(verify).toHaveBeenCalled();
      expect(first.verify).toHaveBeenCalledTimes(1);
    });

    it('verifies each of the others where the first is not kept', async () => {
      const { cache } = setUp();
      const first = held();
      const found = principal();
      const begun = cache.get('a', first.verify, () => false);
      const mine = principal();
      const other = cache.get('a', answering(mine));
      first.resolve(found);
      expect(await begun).toBe(found);
      expect(await other).toBe(mine);
    });

    it('has nobody wait while nobody knows what changed', async () => {
      const { cache, revisions } = setUp();
      revisions.isFresh.mockReturnValue(false);
      const first = held();
      const begun = cache.get('a', first.verify);
      const mine = principal();
      expect(await cache.get('a', answering(mine))).toBe(mine);
      first.resolve(principal());
      await begun;
    });

    it('holds nothing of a verification that has ended', async () => {
      const { cache } = setUp();
      await expect(cache.get('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
      await cache.get('b', answering(principal()));
      await Promise.resolve();
      expect((cache as unknown as { underway: Map<string, unknown> }).underway.size).toBe(0);
    });
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
