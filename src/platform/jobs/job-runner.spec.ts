import { Logger } from '@nestjs/common';
import { Clock } from '../../common/clock.js';
import type { Database } from '../database/database.js';
import { JobRunner } from './job-runner.js';
import type { JobsRepository, Lease, RunReport } from './jobs.repository.js';

class FixedClock extends Clock {
  override millis(): number {
    return Date.parse('2030-03-01T12:00:00.000Z');
  }
}

describe('JobRunner', () => {
  let holder: string | null;
  let reports: RunReport[];
  let runner: JobRunner;

  beforeEach(() => {
    holder = null;
    reports = [];
    const jobs: Pick<JobsRepository, 'tryLease' | 'release'> = {
      tryLease: (lease: Lease) => {
        if (holder !== null) return Promise.resolve(false);
        holder = lease.owner;
        return Promise.resolve(true);
      },
      release: (_name, owner, report) => {
        if (holder === owner) holder = null;
        return Promise.resolve(void reports.push(report));
      },
    };
    const database: Pick<Database, 'transaction'> = { transaction: (work) => work() };
    runner = new JobRunner(jobs as JobsRepository, database as Database, new FixedClock());
  });
  const run = (work: () => Promise<string>) => {
    runner.register({ name: 'a-job', description: 'Does a thing.', schedule: '0 * * * *', work });
    return runner.run('a-job');
  };
  afterEach(() => jest.restoreAllMocks());

  it('runs what nobody else runs, and keeps what it said', async () => {
    await expect(run(() => Promise.resolve('3 keys'))).resolves.toBe(true);
    expect(reports).toMatchObject([{ result: '3 keys', hasFailed: false, finishedAt: '2030-03-01T12:00:00.000Z' }]);
    expect(holder).toBeNull();
  });

  it('leaves alone what another node runs', async () => {
    holder = 'another node';
    const work = jest.fn();
    await expect(run(work)).resolves.toBe(false);
    expect(work).not.toHaveBeenCalled();
    expect(holder).toBe('another node');
  });

  it('gives the lease back after a failure, which it tells and does not throw', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    await expect(run(() => Promise.reject(new Error('no luck')))).resolves.toBe(true);
    expect(reports).toMatchObject([{ result: 'failed: no luck', hasFailed: true }]);
    expect(error).toHaveBeenCalledTimes(1);
    expect(holder).toBeNull();
  });

  it('finishes a run that has begun before it closes, and begins none after', async () => {
    const finish = Promise.withResolvers<string>();
    const begun = run(() => finish.promise);
    const closed = runner.onModuleDestroy().then(() => reports.length);
    finish.resolve('done');
    await expect(closed).resolves.toBe(1);
    await expect(begun).resolves.toBe(true);
    await expect(run(() => Promise.resolve(''))).resolves.toBe(false);
  });
});
