import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { ChainRepository, SEALED_AT_ONCE } from '../../../src/audit/chain/chain.repository.js';
import { Database } from '../../../src/platform/database/database.js';
import { NewRows } from '../../../src/platform/database/new-rows.js';
import { TestApp } from '../../support/app.js';

const SEALED = 10_000;
const WAITING = 500;

/** Of a change that nobody made. */
const RECORD = {
  at: '2026-01-01T00:00:00.000Z',
  event: 'test.changed',
  actorKind: 'system',
  actorId: null,
  actorName: 'a test',
  address: null,
  requestId: null,
  subjectType: null,
  subjectId: null,
  before: null,
  after: { name: 'a name' },
};

/** Nothing of it is kept, or the sealer would see it. */
class RolledBack extends Error {}

describe('sealing behind a long log', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  it('finds the oldest records that wait by the index of places, however many were sealed before them', async () => {
    const [database, chain] = [app.get(Database), app.get(ChainRepository)];
    const look = async (): Promise<void> => {
      await addRecords(SEALED, (index) => 1_000_000 + index);
      await addRecords(WAITING, () => null);
      const select = jest.spyOn(database, 'select');
      const found = await chain.unsealed();
      const [sql = '', values = []] = select.mock.lastCall ?? [];
      const explain = database.isSqlite ? 'EXPLAIN QUERY PLAN' : 'EXPLAIN';
      const [step] = await database.manager.query<{ key?: string; detail?: string }[]>(`${explain} ${sql}`, [
        ...values,
      ]);
      expect(step?.key ?? step?.detail ?? 'no index').toContain('uq_audit_logs_sealed_seq');
      const ids = found.map((record) => record.auditId);
      expect(ids).toHaveLength(SEALED_AT_ONCE);
      expect(ids).toEqual(await oldestWaiting());
      throw new RolledBack();
    };
    await expect(database.transaction(look)).rejects.toThrow(RolledBack);
  });

  async function addRecords(count: number, placeOf: (index: number) => number | null): Promise<void> {
    for (let from = 0; from < count; from += 500) {
      const rows = Array.from({ length: 500 }, (_, index) => {
        const sealedSeq = placeOf(from + index);
        return { ...RECORD, sealedSeq, hash: sealedSeq === null ? null : 'h'.repeat(64) };
      });
      await app.get(NewRows).addAll(AuditLog, rows);
    }
  }

  async function oldestWaiting(): Promise<number[]> {
    const records = await app
      .get(Database)
      .repository(AuditLog)
      .find({ select: { auditId: true, sealedSeq: true } });
    const waiting = records.filter((record) => record.sealedSeq === null).map((record) => record.auditId);
    return waiting.sort((one, other) => one - other).slice(0, SEALED_AT_ONCE);
  }
});
