import { Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { entities } from '../../../src/entities.js';
import { Conflict, CommonErrors } from '../../../src/common/errors.js';
import { dataSourceOptions, WRITERS } from '../../../src/platform/database/data-source.js';
import { Database } from '../../../src/platform/database/database.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { JobRow } from '../../../src/platform/jobs/job.entity.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { execute } from '../../support/rows.js';

/** What only one of the two can do is told on that one alone. */
const only = (isMeant: boolean) => (name: string, test: () => Promise<void>) => (isMeant ? it(name, test) : undefined);
const onMariadb = only(globalThis.testDatabaseKind === 'mariadb');
const onSqlite = only(globalThis.testDatabaseKind !== 'mariadb');

describe('transaction()', () => {
  let place: TestDatabase;
  let database: Database;

  beforeAll(async () => {
    place = await testDatabase();
    database = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
  });
  afterAll(async () => {
    await database.close();
    await place.drop();
  });
  afterEach(() => jest.restoreAllMocks());
  beforeEach(() => database.transaction(() => database.manager.query('DELETE FROM jobs')));

  const put = (name: string) => database.repository(JobRow).insert({ name });
  const isThere = (name: string) => database.repository(JobRow).existsBy({ name });
  const failure = new Error('on purpose');
  const killed = async (manager: EntityManager) => {
    const [{ id } = { id: '' }] = await manager.query<{ id: string }[]>('SELECT CONNECTION_ID() AS id');
    await execute(place, `KILL ${Number(id)}`);
  };
  const withoutRollback = ({ queryRunner }: EntityManager) => {
    // What a failed transaction asks of its connection is ROLLBACK, and nothing else.
    if (queryRunner) jest.spyOn(queryRunner, 'query').mockRejectedValue(failure);
    return Promise.resolve();
  };
  const failing = async (work: () => Promise<unknown>) => {
    await expect(
      database.transaction(async () => {
        await work();
        throw failure;
      }),
    ).rejects.toBe(failure);
  };

  it('commits both of two that run at once', async () => {
    const both = ['one', 'two'].map((name) => database.transaction(() => put(name)));
    await Promise.all(both);
    expect(await Promise.all(['one', 'two'].map(isThere))).toEqual([true, true]);
  });

  it('shows a reader nothing that is not committed', async () => {
    const [written, seen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const transaction = database.transaction(async () => {
      await put('open');
      written.resolve();
      await seen.promise;
    });
    await written.promise;
    const before = await isThere('open');
    seen.resolve();
    await transaction;
    expect([before, await isThere('open')]).toEqual([false, true]);
  });

  it('takes no write of a stranger along when it rolls back', async () => {
    const [begun, strangerAsked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const mine = failing(async () => {
      await put('mine');
      begun.resolve();
      await strangerAsked.promise;
    });
    await begun.promise;
    const stranger = database.transaction(() => put('stranger'));
    strangerAsked.resolve();
    await Promise.all([mine, stranger]);
    expect([await isThere('mine'), await isThere('stranger')]).toEqual([false, true]);
  });

  it('is joined by nested calls: all of it is there, or nothing', async () => {
    await failing(() => database.transaction(() => put('inner')));
    expect(await isThere('inner')).toBe(false);
    await database.transaction(async () => {
      await database.transaction(() => put('inner'));
      expect(await isThere('inner')).toBe(true);
    });
    expect(await isThere('inner')).toBe(true);
  });

  it('reads what it wrote itself', async () => {
    await database.transaction(async () => {
      await put('own');
      expect(await isThere('own')).toBe(true);
    });
  });

  it('is the only way to write, on whichever connection', async () => {
    const outside = Array.from({ length: 2 * WRITERS }, (_, index) => put(`outside ${index}`));
    for (const outcome of await Promise.allSettled(outside)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/read.?only/i) } });
    }
    expect(await database.repository(JobRow).count()).toBe(0);
  });

  it('sees what others committed since the one before it, on whichever connection', async () => {
    const seen = () => database.transaction(() => database.repository(JobRow).count());
    for (let count = 0; count < 3; count += 1) {
      expect(await Promise.all(Array.from({ length: WRITERS }, seen))).toEqual(Array(WRITERS).fill(count));
      await execute(place, `INSERT INTO jobs (name) VALUES ('foreign ${count}')`);
    }
  });

  const harms = { 'is lost': killed, 'cannot go back': withoutRollback };
  for (const [harm, inflict] of Object.entries(harms)) {
    onMariadb(`leaves nothing to the next one when its connection ${harm}`, async () => {
      const told = jest.spyOn(Logger.prototype, 'error').mockImplementation();
      await failing(async () => {
        await put('lost');
        await inflict(database.manager);
      });
      expect(told).toHaveBeenCalledTimes(1);
      await Promise.all(Array.from({ length: WRITERS }, (_, index) => database.transaction(() => put(`${index}`))));
      expect(await isThere('lost')).toBe(false);
      expect(await database.repository(JobRow).count()).toBe(WRITERS);
    });
  }

  const strayed = {
    'is being prepared': () => database.runPrepared('INSERT INTO jobs (name) VALUES (?)', ['strayed']),
    'has more steps': async () => {
      const rows = database.repository(JobRow);
      for (let step = 0; step < 20; step += 1) await rows.insert({ name: `strayed ${step}` });
    },
  };
  for (const [state, stray] of Object.entries(strayed)) {
    it(`leaves nothing to the next one of what ${state} and was not waited for`, async () => {
      jest.spyOn(Logger.prototype, 'error').mockImplementation();
      let late: Promise<unknown> | undefined;
      await failing(async () => {
        late = stray().catch(() => undefined);
        if (state === 'has more steps') await database.repository(JobRow).count();
      });
      await late;
      await Promise.all(Array.from({ length: WRITERS }, (_, index) => database.transaction(() => put(`${index}`))));
      expect(await database.repository(JobRow).count()).toBe(WRITERS);
    });
  }

  it('is over for what was started in it and not waited for', async () => {
    const isOver = Promise.withResolvers<void>();
    let late: Promise<boolean> | undefined;
    await database.transaction(async () => {
      late = isOver.promise.then(() => database.isInTransaction());
      await put('early');
    });
    isOver.resolve();
    expect(await late).toBe(false);
  });

  describe('callbacks', () => {
    const recorder = () => {
      const calls: string[] = [];
      const tell = (what: string) => async () => {
        calls.push(`${what}: ${(await isThere('row')) ? 'there' : 'gone'}`);
      };
      return { calls, tell };
    };
    const work = async (tell: (what: string) => () => Promise<void>) => {
      await database.onCommit(tell('committed'));
      await database.onSettled(tell('settled'));
      await put('row');
    };

    it('run once the commit is visible, before the caller hears of it', async () => {
      const { calls, tell } = recorder();
      await database.transaction(() => work(tell));
      expect(calls).toEqual(['committed: there', 'settled: there']);
    });

    it('after a rollback are those for either end, and no other', async () => {
      const { calls, tell } = recorder();
      await failing(() => work(tell));
      expect(calls).toEqual(['settled: gone']);
    });

    it('run at once outside of a transaction', async () => {
      const { calls, tell } = recorder();
      await database.onCommit(tell('committed'));
      await database.onSettled(tell('settled'));
      expect(calls).toEqual(['committed: gone', 'settled: gone']);
    });

    it('may write in a transaction of their own, which outlives the one that failed', async () => {
      await failing(() => database.onSettled(() => database.transaction(() => put('witness').then(() => undefined))));
      expect(await isThere('witness')).toBe(true);
    });

    it('that fail undo nothing and keep no other from running', async () => {
      const told = jest.spyOn(Logger.prototype, 'error').mockImplementation();
      const { calls, tell } = recorder();
      await database.transaction(async () => {
        await database.onCommit(() => Promise.reject(failure));
        await work(tell);
      });
      expect(told).toHaveBeenCalledWith(failure);
      expect(calls).toEqual(['committed: there', 'settled: there']);
    });
  });

  describe('after a clash', () => {
    const deadlock = () => Object.assign(new Error('deadlock'), { driverError: { code: 'ER_LOCK_DEADLOCK' } });

    it('runs again on MariaDB, and only there', async () => {
      let attempts = 0;
      const run = database.transaction(async () => {
        attempts += 1;
        await put(`attempt ${attempts}`);
        if (attempts < 3) throw deadlock();
      });
      if (database.isSqlite) {
        await expect(run).rejects.toThrow('deadlock');
        expect(attempts).toBe(1);
        return;
      }
      await run;
      const rows = await database.repository(JobRow).find();
      expect(rows.map(({ name }) => name)).toEqual(['attempt 3']);
    });

    it('gives up after a few attempts', async () => {
      let attempts = 0;
      const run = database.transaction(() => {
        attempts += 1;
        return Promise.reject(deadlock());
      });
      await expect(run).rejects.toThrow('deadlock');
      expect(attempts).toBe(database.isSqlite ? 1 : 4);
    });

    onMariadb('lets all connections of the pool try again at once', async () => {
      const everybody = Promise.withResolvers<void>();
      let arrived = 0;
      const clash = async (name: string): Promise<void> => {
        let attempts = 0;
        await database.transaction(async () => {
          attempts += 1;
          await put(name);
          if (attempts > 1) return;
          arrived += 1;
          if (arrived === WRITERS) everybody.resolve();
          await everybody.promise;
          throw deadlock();
        });
      };
      await Promise.all(Array.from({ length: WRITERS }, (_, index) => clash(`clash ${index}`)));
      expect(await database.repository(JobRow).count()).toBe(WRITERS);
    });

    it('survives a real deadlock: both changes are made', async () => {
      await database.transaction(async () => {
        await put('a');
        await put('b');
      });
      const met = Promise.withResolvers<void>();
      let waiting = 0;
      const change = (first: string, second: string) => {
        let attempts = 0;
        return database.transaction(async () => {
          attempts += 1;
          await database.repository(JobRow).increment({ name: first }, 'durationMs', 1);
          waiting += 1;
          if (waiting >= 2 || database.isSqlite) met.resolve();
          if (attempts === 1) await met.promise;
          await database.repository(JobRow).update({ name: second }, { result: first });
        });
      };
      await Promise.all([change('a', 'b'), change('b', 'a')]);
      const rows = await database.repository(JobRow).find({ order: { name: 'ASC' } });
      expect(rows.map(({ result }) => result)).toEqual(['b', 'a']);
    });
  });

  onSqlite('goes on after another process held the write lock for too long', async () => {
    const options = dataSourceOptions({ databaseUrl: null, dataDir: place.dataDir }, entities);
    const other = await new DataSource(options).initialize();
    await database.transaction(() => database.manager.query('PRAGMA busy_timeout = 0'));
    try {
      await other.query('BEGIN IMMEDIATE');
      await expect(database.transaction(() => put('refused'))).rejects.toThrow('locked');
      await other.query('ROLLBACK');
      await database.transaction(() => put('welcome'));
      await failing(() => put('rolled back'));
      expect(await Promise.all(['refused', 'welcome', 'rolled back'].map(isThere))).toEqual([false, true, false]);
    } finally {
      await database.transaction(() => database.manager.query('PRAGMA busy_timeout = 5000'));
      await other.destroy();
    }
  });

  onSqlite('goes on after SQLite ended a transaction by itself', async () => {
    await failing(() => database.manager.query('ROLLBACK'));
    await database.transaction(() => put('afterwards'));
    expect(await isThere('afterwards')).toBe(true);
  });

  it('takes more texts at once than its connection keeps, and takes them again', async () => {
    const texts = Array.from({ length: 450 }, (_, count) => `DELETE FROM jobs WHERE name = ? AND ${count} = ${count}`);
    await database.transaction(async () => {
      for (let use = 0; use < 2; use += 1) {
        await put('there');
        await Promise.all([...texts, ...texts].map((text) => database.runPrepared(text, ['there'])));
        expect(await isThere('there')).toBe(false);
      }
    });
  });

  it('turns a violated constraint into the same conflict on both databases', async () => {
    const twice = database.transaction(async () => {
      await put('twice');
      await put('twice');
    });
    const error: unknown = await twice.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Conflict);
    expect(error).toMatchObject({ code: CommonErrors.conflict.code });
    expect((error as Error).message).not.toMatch(/twice|jobs|UNIQUE|Duplicate/);
  });
});
