import { ChainService } from '../../../src/audit/chain/chain.service.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { ChainMark } from '../../../src/audit/chain/chain-mark.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

describe('the chain of change records', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    for (let i = 0; i < 8; i += 1) await createCustomer(`Customer ${i}`);
    await app.get(ChainService).seal();
  });
  afterAll(() => app.close());

  const createCustomer = (name: string) =>
    app.ask('POST', '/crm/customers', { headers: admin, body: { customer_name: name } });
  const verify = (query = '') => app.ask('GET', `/crm/audit-logs/verify${query}`, { headers: admin });
  const inDatabase = <T>(work: (database: Database) => Promise<T>): Promise<T> =>
    app.get(Database).transaction(() => work(app.get(Database)));
  const entries = () =>
    app
      .get(Database)
      .repository(AuditLog)
      .find({ order: { sealedSeq: 'ASC' } });

  /** Does some harm, looks what the check says, and undoes it by writing every row back as it was. */
  const whatIsSaidAfter = async (harm: (database: Database) => Promise<unknown>, query = '') => {
    const rows = await entries();
    const marks = await app.get(Database).repository(ChainMark).find();
    await inDatabase(harm);
    const answer = await verify(query);
    await inDatabase(async (database) => {
      await database.repository(AuditLog).clear();
      await database.repository(AuditLog).insert(rows as never);
      await database.repository(ChainMark).clear();
      await database.repository(ChainMark).insert(marks);
    });
    expect((await verify()).body.valid).toBe(true);
    return answer.body as { valid: boolean; first_broken: { audit_id: number | null; reason: string } };
  };

  it('200 and valid over every entry', async () => {
    const answer = await verify();
    expect(answer.body).toEqual({ valid: true, checked: (await entries()).length, first_broken: null });
    expect((await entries()).every((entry) => entry.hash !== null)).toBe(true);
  });

  it('200 naming the entry that was changed, whatever was changed in it', async () => {
    const victim = (await entries())[4]!;
    const changes: Partial<AuditLog>[] = [
      { after: { customer_name: 'somebody else' } },
      { actorName: 'nobody' },
      { at: '2001-01-01T00:00:00.000Z' },
      { event: 'customer.deleted' },
      { address: '203.0.113.9' },
      { subjectId: 99 },
    ];
    for (const change of changes) {
      const said = await whatIsSaidAfter((database) =>
        database.repository(AuditLog).update({ auditId: victim.auditId }, change as never),
      );
      expect(said).toMatchObject({
        valid: false,
        first_broken: { audit_id: victim.auditId, reason: 'the entry was changed' },
      });
    }
  });

  it('200 naming the entry that was deleted', async () => {
    const victim = (await entries())[3]!;
    const said = await whatIsSaidAfter((database) => database.repository(AuditLog).delete({ auditId: victim.auditId }));
    expect(said.first_broken).toEqual({
      audit_id: victim.auditId,
      reason: `the entry that was sealed as number ${victim.sealedSeq} is missing`,
    });
  });

  it('200 naming the first of two entries that were swapped', async () => {
    const [one, other] = (await entries()).slice(2, 4) as [AuditLog, AuditLog];
    const said = await whatIsSaidAfter(async (database) => {
      const rows = database.repository(AuditLog);
      await rows.update({ auditId: one.auditId }, { sealedSeq: -1 });
      await rows.update({ auditId: other.auditId }, { sealedSeq: one.sealedSeq, hash: one.hash });
      await rows.update({ auditId: one.auditId }, { sealedSeq: other.sealedSeq, hash: other.hash });
    });
    expect(said).toMatchObject({ valid: false, first_broken: { audit_id: other.auditId } });
  });

  it('200 naming the entry after which the tail was cut off', async () => {
    const rows = await entries();
    const last = rows.at(-3)!;
    const said = await whatIsSaidAfter(async (database) => {
      for (const { auditId } of rows.slice(-2)) await database.repository(AuditLog).delete({ auditId });
    });
    expect(said.first_broken).toEqual({
      audit_id: last.auditId,
      reason: 'the chain is cut off after this entry: 2 are missing',
    });
  });

  it('200 finding out a head that was moved by hand', async () => {
    const rows = await entries();
    const said = await whatIsSaidAfter(async (database) => {
      const last = rows.at(-2)!;
      await database.repository(AuditLog).delete({ auditId: rows.at(-1)!.auditId });
      await database.repository(ChainMark).update({ name: 'head' }, { seq: last.sealedSeq!, hash: last.hash! });
    });
    expect(said.first_broken).toEqual({ audit_id: null, reason: 'the head of the chain was changed' });
  });

  it('200 finding out, by a kept checkpoint, a tail cut off together with its genuine old head', async () => {
    const database = app.get(Database);
    const oldHead = await database.repository(ChainMark).findOneByOrFail({ name: 'head' });
    const length = (await entries()).length;
    await createCustomer('The one to hide');
    const checkpoint = (await app.ask('GET', '/crm/audit-logs/checkpoint', { headers: admin })).body;
    const query = `?${new URLSearchParams({ ...checkpoint, seq: String(checkpoint.seq) }).toString()}`;
    expect((await verify(query)).body.valid).toBe(true);
    const said = await whatIsSaidAfter(async () => {
      for (const { auditId } of (await entries()).slice(length))
        await database.repository(AuditLog).delete({ auditId });
      await database.repository(ChainMark).update({ name: 'head' }, oldHead);
    }, query);
    expect(said.first_broken).toEqual({ audit_id: null, reason: 'the chain ends before the checkpoint' });
    const forged = await verify(query.replace(/signature=[^&]*/, 'signature=forged'));
    expect(forged.body.first_broken.reason).toBe('the checkpoint was not signed by this server');
  });

  it('200 finding out a head that was taken away, and sealing nothing on top of that', async () => {
    const said = await whatIsSaidAfter(async (database) => {
      await database.repository(ChainMark).delete({ name: 'head' });
      await database.repository(AuditLog).update({ auditId: (await entries())[4]!.auditId }, { actorName: 'nobody' });
    });
    expect(said.first_broken).toEqual({ audit_id: null, reason: 'the head of the chain is missing' });
  });

  it('200 finding out a tail that was unsealed to be sealed anew under a forged head', async () => {
    const rows = await entries();
    const victim = rows[4]!;
    const said = await whatIsSaidAfter(async (database) => {
      const log = database.repository(AuditLog);
      await log.update({ auditId: victim.auditId }, { actorName: 'Mallory' });
      for (const { auditId } of rows.slice(4)) await log.update({ auditId }, { sealedSeq: null, hash: null });
      const { sealedSeq, hash } = rows[3]!;
      await database.repository(ChainMark).update({ name: 'head' }, { seq: sealedSeq!, hash: hash!, mac: 'forged' });
    });
    expect(said.first_broken).toEqual({ audit_id: null, reason: 'the head of the chain was changed' });
  });

  it('400 for half a checkpoint', async () => {
    expectProblem(await verify('?seq=3'), 400, 'request.invalid');
  });

  it('403 without verify_audit_log', async () => {
    const { headers } = await asApiKey(app, ['view_audit_log']);
    const problem = expectProblem(await app.ask('GET', '/crm/audit-logs/verify', { headers }), 403);
    expect(problem.missing_permissions).toEqual(['verify_audit_log']);
  });
});
