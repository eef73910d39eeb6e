import { Database } from '../../../src/platform/database/database.js';
import { SequenceRow } from '../../../src/platform/database/sequence.entity.js';
import { drawIds } from '../../../src/platform/database/sequences.js';
import { TestApp } from '../../support/app.js';

/** Beyond what a generated column of both databases holds. */
const BEFORE = 2 ** 40;

describe('drawIds', () => {
  let app: TestApp;
  let database: Database;

  beforeAll(async () => {
    app = await TestApp.start();
    database = app.get(Database);
    await database.transaction(() => database.repository(SequenceRow).insert({ name: 'test', value: BEFORE }));
  });
  afterAll(() => app.close());

  const draw = (count: number): Promise<number> => database.transaction(() => drawIds(database, 'test', count));

  it('hands out each id once, to many who draw at the same time, and leaves none out', async () => {
    const counts = [1, 500, 2, 7, 40, 1, 3];
    const firsts = await Promise.all(counts.map(draw));
    const drawn = firsts.flatMap((first, index) => Array.from({ length: counts[index] ?? 0 }, (_, at) => first + at));
    const all = Array.from({ length: drawn.length }, (_, at) => BEFORE + 1 + at);
    expect(drawn.sort((a, b) => a - b)).toEqual(all);
  });

  it('hands out again what a transaction drew that was rolled back', async () => {
    const next = (await draw(1)) + 1;
    const failed = database.transaction(async () => {
      await drawIds(database, 'test', 10);
      throw new Error('rolled back');
    });
    await expect(failed).rejects.toThrow('rolled back');
    expect(await draw(1)).toBe(next);
  });

  it('refuses a sequence that is not there', async () => {
    const drawn = database.transaction(() => drawIds(database, 'missing', 1));
    await expect(drawn).rejects.toThrow('there is no sequence missing');
  });
});
