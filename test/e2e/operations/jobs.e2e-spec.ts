import { Logger } from '@nestjs/common';
import { Database } from '../../../src/platform/database/database.js';
import { JobRow } from '../../../src/platform/jobs/job.entity.js';
import { JobRunner } from '../../../src/platform/jobs/job-runner.js';
import { MINUTE } from '../../../src/common/clock.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

describe('jobs', () => {
  let app: TestApp;
  beforeAll(async () => (app = await TestApp.start()));
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const run = async (name: string, headers?: Record<string, string>) =>
    app.ask('POST', `/crm/jobs/${name}/run`, { headers: headers ?? (await asAdmin(app)) });
  const find = async (name: string) => {
    const answer = await app.ask('GET', '/crm/jobs', { headers: await asAdmin(app) });
    return answer.body.data.find((job: { name: string }) => job.name === name);
  };

  const LIST = { method: 'GET', path: '/crm/jobs' };
  const RUN = { method: 'POST', path: '/crm/jobs/retention/run' };
  itNeedsAuthentication(() => app, [LIST, RUN]);
  itNeedsPermission(() => app, 'view_job', [LIST]);
  itNeedsPermission(() => app, 'run_job', [RUN]);

  it('200 with every job, before it ever ran, too', async () => {
    const answer = await app.ask('GET', '/crm/jobs', { headers: (await asApiKey(app, ['view_job'])).headers });
    expect(answer.status).toBe(200);
    const names = answer.body.data.map((job: { name: string }) => job.name);
    expect(names).toEqual([...names].sort());
    expect(names).toEqual(
      expect.arrayContaining(['api-key-alerts', 'api-key-expiry', 'retention', 'session-clean-up']),
    );
    expect(await find('session-clean-up')).toMatchObject({
      description: expect.stringMatching(/\.$/),
      schedule: '0 03 * * *',
      ...{ running: false, started_at: null, finished_at: null, duration_ms: null, outcome: null, result: null },
    });
  });

  it('200 when run now, with what it did; recorded with who wanted it', async () => {
    const answer = await run('api-key-expiry');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      name: 'api-key-expiry',
      running: false,
      started_at: app.clock.instant(),
      finished_at: app.clock.instant(),
      outcome: 'succeeded',
      result: '0 keys changed status, 0 notices given',
    });
    expect(answer.body).toEqual(await find('api-key-expiry'));
    const [record] = await recordsOfRequest(app, answer);
    expect(record).toMatchObject({ event: 'job.run', actorKind: 'user', subjectType: null });
    expect(record?.after).toMatchObject({ name: 'api-key-expiry', failed: false });
  });

  it('200 for a run that failed: it says so, and why', async () => {
    jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const work = () => Promise.reject(new Error('no luck today'));
    app.get(JobRunner).register({ name: 'unlucky', description: 'Fails.', schedule: '0 0 1 1 *', work });
    expect((await run('unlucky')).body).toMatchObject({ outcome: 'failed', result: 'failed: no luck today' });
    expect(await find('unlucky')).toMatchObject({ outcome: 'failed', running: false });
  });

  it('404 for a job that there is not', async () => {
    for (const name of ['nosuch', 'RETENTION', '__proto__', '%20', "x'--"]) {
      expectProblem(await run(name), 404, 'jobs.not_found');
    }
  });

  it('409 while another node is at it, and no work is done', async () => {
    const database = app.get(Database);
    const lockedUntil = app.clock.instant(10 * MINUTE);
    await run('retention');
    const set = (change: Partial<JobRow>) =>
      database.transaction(() => database.repository(JobRow).update({ name: 'retention' }, change));
    await set({ lockedBy: 'other', lockedUntil });
    expect(await find('retention')).toMatchObject({ running: true });
    const answer = await run('retention');
    expectProblem(answer, 409, 'jobs.running');
    expect(await recordsOfRequest(app, answer)).toEqual([]);
    await set({ lockedBy: null, lockedUntil: null });
    expect((await run('retention')).status).toBe(200);
  });

  it('200 once and 409 once when two want it at the same time', async () => {
    const gate = Promise.withResolvers<string>();
    const begun = Promise.withResolvers<void>();
    const work = () => {
      begun.resolve();
      return gate.promise;
    };
    app.get(JobRunner).register({ name: 'slow', description: 'Waits.', schedule: '0 0 1 1 *', work });
    const first = run('slow');
    await begun.promise;
    const second = await run('slow');
    gate.resolve('done');
    expect([(await first).status, second.status]).toEqual([200, 409]);
  });
});
