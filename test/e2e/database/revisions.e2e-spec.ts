import { Logger } from '@nestjs/common';
import { entities } from '../../../src/entities.js';
import type { Database } from '../../../src/platform/database/database.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { Revisions } from '../../../src/platform/database/revisions.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';

const POLL_MS = 500;

describe('revisions', () => {
  let place: TestDatabase;
  let mine: Database;
  let theirs: Database;
  let here: Revisions;
  let there: Revisions;
  let polls: (() => void)[];
  let now: number;

  beforeAll(async () => {
    place = await testDatabase();
    mine = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
    theirs = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
  });
  afterAll(async () => {
    await mine.close();
    await theirs.close();
    await place.drop();
  });

  beforeEach(async () => {
    polls = [];
    now = 1_000_000;
    jest.spyOn(performance, 'now').mockImplementation(() => now);
    jest.spyOn(globalThis, 'setInterval').mockImplementation(((poll: () => void, interval: number) => {
      expect(interval).toBe(POLL_MS);
      polls.push(poll);
      return { unref: () => undefined };
    }) as never);
    here = new Revisions(mine);
    there = new Revisions(theirs);
    await here.onApplicationBootstrap();
    await there.onApplicationBootstrap();
  });
  afterEach(() => jest.restoreAllMocks());

  /** What the timer would do now; resolves once it was done. */
  const poll = async (node: 0 | 1) => {
    const done = jest.spyOn(Revisions.prototype as unknown as { poll(): Promise<void> }, 'poll');
    polls[node]?.();
    await done.mock.results.at(-1)?.value;
    done.mockRestore();
  };

  it('tell the node that made a change at its commit, not before', async () => {
    const stale = jest.fn();
    here.onStale(stale);
    await mine.transaction(async () => {
      await here.bump('api_keys');
      expect(stale).not.toHaveBeenCalled();
    });
    expect(stale).toHaveBeenCalledTimes(1);
  });

  it('say nothing of a change that was rolled back', async () => {
    const stale = jest.fn();
    here.onStale(stale);
    const undone = mine.transaction(async () => {
      await here.bump('api_keys');
      throw new Error('on purpose');
    });
    await expect(undone).rejects.toThrow('on purpose');
    await poll(0);
    expect(stale).not.toHaveBeenCalled();
  });

  it('tell every other node at its next poll', async () => {
    const stale = jest.fn();
    there.onStale(stale);
    const { epoch } = there;
    await mine.transaction(() => here.bump('roles'));
    expect(stale).not.toHaveBeenCalled();
    await poll(1);
    expect(stale).toHaveBeenCalledTimes(1);
    expect(there.epoch).toBe(epoch + 1);
    await poll(1);
    expect(stale).toHaveBeenCalledTimes(1);
  });

  it('are bumped in the transaction of the change, or not at all', async () => {
    await expect(here.bump('users')).rejects.toThrow('in the transaction');
  });

  it('are believed for a second after a poll, then no more', async () => {
    expect(here.isFresh()).toBe(true);
    now += 999;
    expect(here.isFresh()).toBe(true);
    now += 1;
    expect(here.isFresh()).toBe(false);
    await poll(0);
    expect(here.isFresh()).toBe(true);
  });

  it('are not believed while polling fails, which is told once, and are again afterwards', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const away = jest.spyOn(mine, 'repository').mockImplementation(() => {
      throw new Error('the database is away');
    });
    now += 1_000;
    await poll(0);
    await poll(0);
    expect(here.isFresh()).toBe(false);
    expect(warn).toHaveBeenCalledTimes(1);
    away.mockRestore();
    await poll(0);
    expect(here.isFresh()).toBe(true);
  });

  it('see what was changed while polling failed', async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const stale = jest.fn();
    there.onStale(stale);
    const away = jest.spyOn(theirs, 'repository').mockImplementation(() => {
      throw new Error('the database is away');
    });
    await mine.transaction(() => here.bump('sessions'));
    await poll(1);
    away.mockRestore();
    await poll(1);
    expect(stale).toHaveBeenCalledTimes(1);
  });
});
