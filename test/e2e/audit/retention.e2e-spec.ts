import { AccessLog } from '../../../src/audit/access-log.entity.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { RetentionService } from '../../../src/audit/retention.service.js';
import { DAY } from '../../../src/common/clock.js';
import { Database } from '../../../src/platform/database/database.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { asApiKey, type Credentials } from '../../support/principals.js';

describe('retention', () => {
  let app: TestApp;
  let headers: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: `${NO_LIMITS}retention: { access_log_days: 10, audit_log_days: 30 }\n` });
    // A key, because a token would not live through the days.
    ({ headers } = await asApiKey(app, ['admin']));
  });
  afterAll(() => app.close());

  const createCustomer = (name: string) =>
    app.ask('POST', '/crm/customers', { headers, body: { customer_name: name } });
  const verify = async () => (await app.ask('GET', '/crm/audit-logs/verify', { headers })).body;
  const oldestAt = async (entity: typeof AuditLog | typeof AccessLog): Promise<string> => {
    const [row] = await app
      .get(Database)
      .repository<AuditLog | AccessLog>(entity)
      .find({ order: { at: 'ASC' }, take: 1 });
    return row!.at;
  };

  it('removes each kind past its age, day by day, and leaves a chain that can be checked', async () => {
    for (let day = 0; day < 40; day += 1) {
      await createCustomer(`Customer of day ${day}`);
      await app.flushAccessLog();
      expect((await verify()).valid).toBe(true);
      await app.get(RetentionService).apply();
      expect(await verify()).toMatchObject({ valid: true });
      expect((await oldestAt(AuditLog)) >= app.clock.instant(-30 * DAY)).toBe(true);
      expect((await oldestAt(AccessLog)) >= app.clock.instant(-10 * DAY)).toBe(true);
      app.clock.advance(DAY);
    }
    const removals = await app.get(Database).repository(AuditLog).countBy({ event: 'audit_log.removed' });
    expect(removals).toBeGreaterThan(0);
  });

  it('removes nothing that was changed: that would remove the evidence, and sign for it', async () => {
    const database = app.get(Database);
    const [first] = await database.repository(AuditLog).find({ order: { sealedSeq: 'ASC' }, take: 1 });
    const change = (at: string) =>
      database.transaction(async () => {
        await database.repository(AuditLog).update({ auditId: first!.auditId }, { at });
      });
    await change('2001-01-01T00:00:00.000Z');
    await expect(app.get(RetentionService).apply()).rejects.toThrow(`audit entry ${first!.auditId} was changed`);
    expect((await verify()).first_broken.audit_id).toBe(first!.auditId);
    await change(first!.at);
    expect((await verify()).valid).toBe(true);
  });

  it('still finds the first entry that remains deleted by hand', async () => {
    const database = app.get(Database);
    const [first] = await database.repository(AuditLog).find({ order: { sealedSeq: 'ASC' }, take: 1 });
    await database.transaction(async () => {
      await database.repository(AuditLog).delete({ auditId: first!.auditId });
    });
    expect((await verify()).first_broken.reason).toBe(
      `the entry that was sealed as number ${first!.sealedSeq} is missing`,
    );
  });
});
