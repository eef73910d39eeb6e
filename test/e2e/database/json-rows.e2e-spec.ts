import fc from 'fast-check';
import { AccessLogBatch } from '../../../src/audit/access-log-batch.js';
import { AccessLog } from '../../../src/audit/access-log.entity.js';
import type { AnsweredRequest } from '../../../src/audit/answered-request.js';
import { Database } from '../../../src/platform/database/database.js';
import { JsonRows, type JsonRowsText } from '../../../src/platform/database/json-rows.js';
import { TestApp } from '../../support/app.js';

const LINE: AnsweredRequest = {
  at: '2026-11-21T09:00:00.000Z',
  actorKind: 'api_key',
  actorId: 2 ** 53 - 1,
  actorName: null,
  method: 'GET',
  path: '/',
  route: null,
  status: 200,
  address: '127.0.0.1',
  userAgent: null,
  durationMs: 0,
  isOutdated: false,
  requestId: 'x',
  permission: null,
};

/** Any text that a line may hold, by its characters. */
const text = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'binary', maxLength: length }).map((it) => it.replaceAll('\0', ' '));
const lines = fc.array(
  fc.record<Partial<AnsweredRequest>>({
    actorName: fc.option(text(200)),
    path: text(500),
    userAgent: fc.option(fc.constantFrom("it's", '"quoted"', String.raw`back\slash`, 'null', '[1]', 'é 🐟', '')),
    status: fc.integer({ min: 100, max: 599 }),
    durationMs: fc.nat(),
    isOutdated: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('JsonRows', () => {
  let app: TestApp;
  let firstId = 1_000_000;

  beforeAll(async () => (app = await TestApp.start()));
  afterAll(() => app.close());

  const write = (rows: JsonRowsText): Promise<void> =>
    app.get(Database).transaction(() => app.get(JsonRows).addAll(AccessLog, rows));
  const read = (from: number, count: number): Promise<AccessLog[]> =>
    app
      .get(Database)
      .repository(AccessLog)
      .createQueryBuilder('row')
      .where('row.accessId >= :from', { from })
      .orderBy('row.accessId')
      .limit(count)
      .getMany();

  it('writes what a batch was given, whatever characters are in it, and numbers it', async () => {
    await fc.assert(
      fc.asyncProperty(lines, async (all) => {
        const batch = new AccessLogBatch();
        for (const line of all) batch.add({ ...LINE, ...line });
        firstId += 1_000;
        await write(batch.rows(firstId));
        const { permission: _, ...line } = LINE;
        const expected = all.map((it, index) => ({ ...line, ...it, accessId: firstId + index }));
        expect((await read(firstId, all.length)).map((row) => ({ ...row }))).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it('holds more than it has room for at first, and is as empty as a new one when it is cleared', async () => {
    const batch = new AccessLogBatch();
    for (let round = 0; round < 2; round += 1) {
      for (let line = 0; line < 300; line += 1)
        batch.add({ ...LINE, path: '€'.repeat(500), userAgent: '"'.repeat(256) });
      firstId += 1_000;
      await write(batch.rows(firstId));
      expect(await read(firstId, 1_000)).toHaveLength(300);
      expect(batch.usage.counters().find(({ dimension }) => dimension === 'class')?.requests).toBe(300);
      batch.clear();
    }
  });

  it('takes half a character at the end of a text that was cut for a whole one', async () => {
    const batch = new AccessLogBatch();
    batch.add({ ...LINE, path: '/🐟'.slice(0, 2) });
    firstId += 1_000;
    await write(batch.rows(firstId));
    expect((await read(firstId, 1))[0]?.path).toBe('/\uFFFD');
  });

  it('writes all rows or none', async () => {
    firstId += 1_000;
    const json = Buffer.from(JSON.stringify([['a'], [null]]));
    await expect(write({ properties: ['method'], json, firstId })).rejects.toThrow();
    expect(await read(firstId, 1)).toEqual([]);
  });
});
