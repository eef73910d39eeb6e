import { ApiKeysJobs } from '../../../src/api-keys/api-keys.jobs.js';
import { ExpiryService } from '../../../src/api-keys/expiry/expiry.service.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { DAY } from '../../../src/common/clock.js';
import { Database } from '../../../src/platform/database/database.js';
import { JobRow } from '../../../src/platform/jobs/job.entity.js';
import { TestApp } from '../../support/app.js';
import { TestClock } from '../../support/clock.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin, asApiKey } from '../../support/principals.js';

describe('the expiry job', () => {
  let place: TestDatabase;
  let clock: TestClock;
  let app: TestApp;

  const start = () => TestApp.start({ database: place, clock });
  beforeEach(async () => {
    place = await testDatabase();
    clock = new TestClock();
    app = await start();
  });
  afterEach(async () => {
    await app.close();
    await place.drop();
  });

  const run = () => app.get(ApiKeysJobs).announceExpiry();
  const in_ = (days: number) => new Date(clock.millis() + days * DAY).toISOString();
  const told = async (subjectId: number) => {
    const rows = await app
      .get(Database)
      .repository(AuditLog)
      .find({ where: { subjectId }, order: { auditId: 'ASC' } });
    return rows
      .filter(({ event }) => /^api_key\.(?:expiring|expired)$/.test(event))
      .map(({ event, at }) => [event, at.slice(0, 10)]);
  };

  it('tells each change once, on the day of it', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: in_(40) });
    for (let day = 0; day <= 45; day += 1) {
      await run();
      await run();
      clock.advance(DAY);
    }
    expect(await told(apiKeyId)).toEqual([
      ['api_key.expiring', '2030-03-11'],
      ['api_key.expired', '2030-04-10'],
    ]);
    const [expiring] = await app.get(Database).repository(AuditLog).findBy({ event: 'api_key.expiring' });
    expect(expiring).toMatchObject({ actorKind: 'system', actorName: 'api-key-expiry', subjectType: 'api_key' });
    expect(expiring?.after).toMatchObject({ status: 'expiring_soon', expiry_date: '2030-04-10T12:00:00.000Z' });
  });

  it('tells after the next start what happened while nobody was running', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: in_(40) });
    await app.close();
    clock.advance(60 * DAY);
    app = await start();
    expect(await told(apiKeyId)).toEqual([['api_key.expired', '2030-04-30']]);
    await app.close();
    app = await start();
    expect(await told(apiKeyId)).toHaveLength(1);
  });

  it('says nothing of keys that never expire, were revoked, or come from the file', async () => {
    const never = await asApiKey(app, ['view_customer']);
    const revoked = await asApiKey(app, ['view_customer'], { expiry_date: in_(10) });
    await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: await asAdmin(app) });
    clock.advance(20 * DAY);
    await run();
    expect([await told(never.apiKeyId), await told(revoked.apiKeyId)]).toEqual([[], []]);
  });

  it('tells again after the expiry was put off', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: in_(10) });
    await run();
    await app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, {
      headers: await asAdmin(app),
      body: { expiry_date: in_(60) },
    });
    clock.advance(40 * DAY);
    await run();
    expect((await told(apiKeyId)).map(([event]) => event)).toEqual(['api_key.expiring', 'api_key.expiring']);
  });

  it('is done once when two runs race, and once when the work itself does', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: in_(10) });
    await Promise.all([run(), run(), run()]);
    expect(await told(apiKeyId)).toHaveLength(1);
    clock.advance(20 * DAY);
    const service = app.get(ExpiryService);
    await Promise.all([service.announce(), service.announce()]);
    expect((await told(apiKeyId)).map(([event]) => event)).toEqual(['api_key.expiring', 'api_key.expired']);
  });

  it('leaves the job to the node that has it, until its lease is over', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: in_(10) });
    const database = app.get(Database);
    const lockedUntil = new Date(clock.millis() + 600_000).toISOString();
    const name = 'api-key-expiry';
    await database.transaction(() => database.repository(JobRow).update({ name }, { lockedBy: 'other', lockedUntil }));
    await run();
    expect(await told(apiKeyId)).toEqual([]);
    clock.advance(600_000);
    await run();
    expect(await told(apiKeyId)).toHaveLength(1);
  });

  it('keeps how it went', async () => {
    await asApiKey(app, ['view_customer'], { expiry_date: in_(10) });
    await run();
    const row = await app.get(Database).repository(JobRow).findOneByOrFail({ name: 'api-key-expiry' });
    expect(row).toMatchObject({
      lockedBy: null,
      lockedUntil: null,
      result: '1 keys changed status, 0 notices given',
      hasFailed: false,
    });
    expect([row.startedAt, row.finishedAt]).toEqual([clock.instant(), clock.instant()]);
  });
});
