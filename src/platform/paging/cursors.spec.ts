import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { freshPepper, Pepper } from '../secrets/pepper.js';
import { Secrets } from '../secrets/secrets.service.js';
import { Cursors, type Position } from './cursors.js';

describe('Cursors', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crm-cursors-'));
  const place = { dataDir: folder, secretPepper: null, jwtKeysFile: null };
  const secrets = Secrets.load(place, 1_764_000_000_000);
  const cursors = new Cursors(secrets);
  afterAll(() => rmSync(folder, { recursive: true }));

  const positions = fc.tuple(fc.oneof(fc.string(), fc.integer(), fc.constantFrom('null', '1', null, 1)), fc.nat());

  it('come back as the position that they were made of, made once or again', () => {
    fc.assert(
      fc.property(positions, fc.constantFrom('id', '-id'), (position: Position, sort) => {
        for (let time = 0; time < 2; time += 1) {
          expect(cursors.decode('things', sort, cursors.encode('things', sort, position))).toEqual(position);
        }
      }),
    );
  });

  it('are of one list and one order', () => {
    const cursor = cursors.encode('things', 'id', ['a', 1]);
    expect(cursors.encode('others', 'id', ['a', 1])).not.toBe(cursor);
    expect(() => cursors.decode('others', 'id', cursor)).toThrow();
    expect(() => cursors.decode('things', '-id', cursor)).toThrow();
  });

  it('are made under the pepper in force, also those that were made before', async () => {
    const before = cursors.encode('things', 'id', [null, 7]);
    await secrets.takeOver(Pepper.parse(`2:${freshPepper()}`, 'a test'));
    const after = cursors.encode('things', 'id', [null, 7]);
    expect(() => cursors.decode('things', 'id', before)).toThrow();
    expect(cursors.decode('things', 'id', after)).toEqual([null, 7]);
  });
});
