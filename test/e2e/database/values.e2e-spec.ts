import fc from 'fast-check';
import type { EntityManager } from 'typeorm';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { ApiKeyRole } from '../../../src/api-keys/api-key.entity.js';
import { AccessLog } from '../../../src/audit/access-log.entity.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { entities } from '../../../src/entities.js';
import type { Database } from '../../../src/platform/database/database.js';
import { openDatabase } from '../../../src/platform/database/open-database.js';
import { JobRow } from '../../../src/platform/jobs/job.entity.js';
import { User } from '../../../src/users/user.entity.js';
import { Conflict } from '../../../src/common/errors.js';
import { onConstraint } from '../../../src/platform/database/constraint-errors.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';

const LARGEST = Number.MAX_SAFE_INTEGER;
const AT = '2030-02-28T23:59:59.999Z';

describe('values', () => {
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

  const write = <T>(work: (manager: EntityManager) => Promise<T>) => database.transaction(() => work(database.manager));
  const audit = (more: Partial<AuditLog>): Omit<AuditLog, 'auditId'> => ({
    at: AT,
    event: 'test.created',
    actorKind: 'system',
    actorId: null,
    actorName: 'a test',
    address: null,
    requestId: null,
    subjectType: null,
    subjectId: null,
    before: null,
    after: null,
    sealedSeq: null,
    hash: null,
    ...more,
  });
  const throughAudit = async (more: Partial<AuditLog>) => {
    const row = database.repository(AuditLog).create(audit(more));
    await write((manager) => manager.insert(AuditLog, row as never));
    return database.repository(AuditLog).findOneByOrFail({ auditId: row.auditId });
  };

  it('come back as they went in: the largest id, an instant to the millisecond, nothing', async () => {
    const row = await throughAudit({ actorId: LARGEST, subjectId: 1 });
    expect(row).toMatchObject({ actorId: LARGEST, subjectId: 1, at: AT, address: null, after: null });
    expect(Number.isInteger(row.auditId)).toBe(true);
  });

  it('come back as they went in: the largest primary key', async () => {
    const entry = {
      ...{
        accessId: LARGEST,
        at: AT,
        method: 'GET',
        path: '/',
        status: 200,
        address: '::1',
        durationMs: 0,
        isOutdated: false,
        requestId: 'x',
      },
      ...{ actorKind: null, actorId: null, actorName: null, route: null, userAgent: null },
    };
    await write((manager) => manager.insert(AccessLog, entry));
    expect(await database.repository(AccessLog).findOneBy({ accessId: LARGEST })).toEqual(entry);
  });

  it('come back as they went in: any document', async () => {
    const document = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ stringUnit: 'grapheme' }));
    await fc.assert(
      fc.asyncProperty(document, async (after) => {
        const plain = JSON.parse(JSON.stringify(after)) as Record<string, unknown>;
        expect((await throughAudit({ after: plain })).after).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  });

  it('come back as they went in: any text', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        fc.pre(!text.includes('\0'));
        expect((await throughAudit({ actorName: text })).actorName).toBe(text);
      }),
      { numRuns: 50 },
    );
  });

  const key = (more: Partial<ApiKey>): Omit<ApiKey, 'apiKeyId'> => ({
    ...{
      kind: 'organization',
      source: 'database',
      name: 'x',
      nameKey: 'x',
      description: null,
      mask: '...',
      searchText: '',
      noticedDays: null,
    },
    ...{ digest: null, pepperVersion: 1, permissions: [], flaggedStatus: 'active', expiryDate: null, revokedAt: null },
    ...{ createdByUserId: null, createdByKeyId: null, createdBy: null, isProtected: false, isBoundToCreator: true },
    ...{ allowedAddresses: null, rateLimit: null, lastUsedAt: null, lastUsedAddress: null },
    ...{ version: 1, created: AT, updated: AT },
    ...more,
  });

  it('come back as they went in: true and false are booleans, lists are lists', async () => {
    const row = database.repository(ApiKey).create(key({ permissions: ['a', 'b'], allowedAddresses: [] }));
    await write((manager) => manager.insert(ApiKey, row as never));
    const found = await database.repository(ApiKey).findOneByOrFail({ apiKeyId: row.apiKeyId });
    expect(found).toMatchObject({ isProtected: false, isBoundToCreator: true });
    expect(found).toMatchObject({ permissions: ['a', 'b'], allowedAddresses: [], rateLimit: null });
  });

  it('are equal only when they are the same to the letter', async () => {
    const names = ['same', 'Same', 'same ', 'samé', 'same\t', 'ｓame', 'straße', 'strasse'];
    await write((manager) =>
      manager.insert(
        JobRow,
        names.map((name) => ({ name })),
      ),
    );
    for (const name of names) {
      const found = await database.repository(JobRow).find({ where: { name } });
      expect(found.map((row) => row.name)).toEqual([name]);
    }
  });

  it('are ordered alike: by code point', async () => {
    const names = ['Z', 'a', 'É', 'z', '~', '1', '中', '💥', '_'].map((letter) => `order ${letter}`);
    await write((manager) =>
      manager.insert(
        JobRow,
        names.map((name) => ({ name })),
      ),
    );
    const rows = await database.repository(JobRow).find({ order: { name: 'ASC' } });
    const found = rows.filter(({ name }) => name.startsWith('order ')).map(({ name }) => name.slice('order '.length));
    expect(found).toEqual(['1', 'Z', '_', 'a', 'z', '~', 'É', '中', '💥']);
  });

  it('that a unique index refuses become the conflict that was declared for its name', async () => {
    const error = { code: 'test.taken', detail: 'somebody has it' };
    onConstraint('uq_api_keys_digest', error);
    const digest = 'd'.repeat(64);
    const insert = () => write((manager) => manager.insert(ApiKey, key({ digest }) as never));
    await insert();
    const refused: unknown = await insert().catch((reason: unknown) => reason);
    expect(refused).toBeInstanceOf(Conflict);
    expect(refused).toMatchObject({ code: 'test.taken', message: 'somebody has it' });
  });

  it('that refer to nothing become a conflict', async () => {
    const orphan = write((manager) => manager.insert(ApiKeyRole, { apiKeyId: 999_999, roleId: 999_999 }));
    await expect(orphan).rejects.toBeInstanceOf(Conflict);
  });

  it('that are missing stay an error of ours', async () => {
    const nameless = write((manager) => manager.insert(User, { email: 'a@example.com' }));
    await expect(nameless).rejects.not.toBeInstanceOf(Conflict);
  });

  it('that a row holds do not get lost when many of them may be null at once', async () => {
    await Promise.all(
      ['one', 'two'].map(() => write((manager) => manager.insert(ApiKey, key({ digest: null }) as never))),
    );
    expect(await database.repository(ApiKey).count({ where: { name: 'x' } })).toBeGreaterThanOrEqual(2);
  });
});
