import fc from 'fast-check';
import { ApiKey, ApiKeyRole } from '../../../src/api-keys/api-key.entity.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { CommonErrors, Conflict } from '../../../src/common/errors.js';
import { CustomerWord } from '../../../src/customers/customer.entity.js';
import { entities } from '../../../src/entities.js';
import type { Database } from '../../../src/platform/database/database.js';
import { NewRows } from '../../../src/platform/database/new-rows.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { SequenceRow } from '../../../src/platform/database/sequence.entity.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';

const AT = '2030-02-28T23:59:59.999Z';
const NOTHING = { actorId: null, address: null, requestId: null, subjectType: null, subjectId: null };
const ENTRY = { at: AT, event: 'test.created', actorKind: 'system', actorName: 'a test', ...NOTHING };
const UNSEALED = { before: null, after: null, sealedSeq: null, hash: null };
const UNUSED = { noticedDays: null, revokedAt: null, lastUsedAt: null, lastUsedAddress: null, expiryDate: null };
const FROM_NOBODY = { createdByUserId: null, createdByKeyId: null, createdBy: null };
const KEY: Omit<ApiKey, 'apiKeyId'> = {
  ...{ kind: 'organization', source: 'database', name: 'x', nameKey: 'x', description: null, mask: '...' },
  ...{ searchText: '', digest: null, pepperVersion: 1, permissions: ['a', 'b'], flaggedStatus: 'active' },
  ...{ isProtected: false, isBoundToCreator: true, allowedAddresses: [], rateLimit: null },
  ...{ ...UNUSED, ...FROM_NOBODY, version: 1, created: AT, updated: AT },
};

describe('NewRows', () => {
  let place: TestDatabase;
  let database: Database;
  let newRows: NewRows;

  beforeAll(async () => {
    place = await testDatabase();
    database = await openDatabase({ databaseUrl: place.url, dataDir: place.dataDir }, entities);
    newRows = new NewRows(database);
  });
  afterAll(async () => {
    await database.close();
    await place.drop();
  });

  const addEntry = (more: Partial<AuditLog>) =>
    database.transaction(() => newRows.add(AuditLog, { ...ENTRY, ...UNSEALED, ...more }));
  const readEntry = ({ auditId }: AuditLog) => database.repository(AuditLog).findOneByOrFail({ auditId });
  const sequences = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${count}/${index}`, value: index }));

  it('hands out the row that is in the table, with its id', async () => {
    const row = await addEntry({ actorId: Number.MAX_SAFE_INTEGER, after: { deep: [{ as: 'it', went: null }] } });
    expect(row).toBeInstanceOf(AuditLog);
    expect(row).toEqual(await readEntry(row));
    expect((await addEntry({})).auditId).toBe(row.auditId + 1);
  });

  it('writes what TypeORM writes: flags, lists, numbers, nothing', async () => {
    const row = await database.transaction(() => newRows.add(ApiKey, KEY));
    const { identifiers } = await database.transaction(() => database.manager.insert(ApiKey, { ...KEY }));
    const raw = await database.manager.query<Record<string, unknown>[]>('SELECT * FROM api_keys ORDER BY api_key_id');
    const [one, other] = raw.slice(-2).map(({ api_key_id: _, ...columns }) => columns);
    expect(one).toEqual(other);
    expect(identifiers[0]?.apiKeyId).toBe(row.apiKeyId + 1);
  });

  it('writes any text and any document as it is', async () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 60 });
    const documents = fc.dictionary(text, fc.jsonValue({ stringUnit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(text, documents, async (actorName, document) => {
        fc.pre(!actorName.includes('\0'));
        const after = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
        expect(await readEntry(await addEntry({ actorName, after }))).toMatchObject({ actorName, after });
      }),
      { numRuns: 50 },
    );
  });

  it.each([1, 2, 32, 33, 500])('writes %i rows at once, each as it is', async (count) => {
    for (const time of ['a', 'b']) {
      const rows = sequences(count).map(({ name, value }) => ({ name: `${time} ${name}`, value }));
      await database.transaction(() => newRows.addAll(SequenceRow, rows));
      const found = await database.repository(SequenceRow).find({ order: { value: 'ASC' } });
      expect(found.filter(({ name }) => name.startsWith(`${time} ${count}/`))).toEqual(rows);
    }
  });

  it('writes no row without asking the database', async () => {
    await database.transaction(() => newRows.addAll(SequenceRow, []));
  });

  it('writes nothing that is rolled back', async () => {
    const failing = database.transaction(async () => {
      await newRows.add(SequenceRow, { name: 'undone', value: 1 });
      throw new Error('undo it');
    });
    await expect(failing).rejects.toThrow('undo it');
    expect(await database.repository(SequenceRow).existsBy({ name: 'undone' })).toBe(false);
  });

  it.each([1, 40])('writes %i rows in a transaction only', async (count) => {
    const outside = Array.from({ length: count }, (_, value) => ({ name: `outside ${value}`, value }));
    await expect(newRows.addAll(SequenceRow, outside)).rejects.toThrow('in a transaction');
    expect(await database.repository(SequenceRow).existsBy({ name: 'outside 0' })).toBe(false);
  });

  it('refuses a row that says nothing about a column, before anything is written', async () => {
    const half = database.transaction(() =>
      newRows.addAll(SequenceRow, [{ name: 'whole', value: 1 }, { name: 'half' }]),
    );
    await expect(half).rejects.toThrow('sequences: no value for value');
  });

  it.each([1, 40])('turns a violated constraint into a conflict, among %i rows', async (count) => {
    const write = () => database.transaction(() => newRows.addAll(SequenceRow, sequences(count)));
    await write();
    const refused: unknown = await write().catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(Conflict);
    expect(refused).toMatchObject({ code: CommonErrors.conflict.code });
    const orphan = { apiKeyId: 999_999, roleId: 999_999 };
    await expect(database.transaction(() => newRows.add(ApiKeyRole, orphan))).rejects.toBeInstanceOf(Conflict);
  });

  it('leaves a failure that is no conflict as it is', async () => {
    const wordless = { customerId: 1, word: null as never };
    await expect(database.transaction(() => newRows.add(CustomerWord, wordless))).rejects.not.toBeInstanceOf(Conflict);
  });

  it('lets a transaction that met a deadlock run again: the survivor is there, the other meets what it made', async () => {
    if (database.isSqlite) return;
    const met = Promise.withResolvers<void>();
    let waiting = 0;
    let attempts = 0;
    const make = (first: string, second: string) =>
      database.transaction(async () => {
        attempts += 1;
        await newRows.add(SequenceRow, { name: first, value: attempts });
        waiting += 1;
        if (waiting === 2) met.resolve();
        await met.promise;
        await newRows.add(SequenceRow, { name: second, value: attempts });
      });
    const outcomes = await Promise.allSettled([make('one', 'other'), make('other', 'one')]);
    expect(attempts).toBe(3);
    expect(outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'made') as unknown)).toEqual(
      expect.arrayContaining(['made', expect.any(Conflict)]),
    );
  });
});
