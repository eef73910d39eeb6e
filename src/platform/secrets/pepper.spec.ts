import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pepper } from './pepper.js';

const FIRST = 'the first pepper; of more than 32 characters';
const NEW = 'the second pepper; of more than 32 characters';

describe('Pepper', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'pepper-'));
    file = join(folder, 'made', 'pepper');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made at the first start, for its owner only, and is the same at the next', () => {
    const digest = Pepper.load(null, file).digest('a key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Pepper.load(null, file).digest('a key')).toEqual(digest);
    expect(digest).toMatchObject({ pepperVersion: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it('holds 256 bits of its own', () => {
    Pepper.load(null, file);
    const [, secret = ''] = readFileSync(file, 'utf8').trim().split(':');
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  });

  it('is taken from the environment before the file, which is then not made', () => {
    const fromEnvironment = Pepper.load(FIRST, file);
    expect(fromEnvironment.digest('a key')).toEqual(Pepper.load(`1:${FIRST}`, file).digest('a key'));
    expect(() => statSync(file)).toThrow('ENOENT');
  });

  it('recognises what any of its versions made, and makes new digests under the first one listed', () => {
    const before = Pepper.load(FIRST, file).digest('a key');
    const added = Pepper.load(`1:${FIRST},2:${NEW}`, file);
    expect(added.digest('a key')).toEqual(before);
    const both = Pepper.load(`2:${NEW},1:${FIRST}`, file);
    expect(both.digest('a key').pepperVersion).toBe(2);
    expect(both.digests('a key').map(({ pepperVersion }) => pepperVersion)).toEqual([2, 1]);
    expect(both.digests('a key')).toContainEqual(before);
    expect(added.digests('a key')).toContainEqual(both.digest('a key'));
  });

  it('is rotated in two steps: first known, then current, each version with the secret that it had', () => {
    const digest = Pepper.load(null, file).digest('a key');
    Pepper.add(file, 2);
    const known = Pepper.load(null, file);
    expect([known.versions, known.digest('a key')]).toEqual([[1, 2], digest]);
    Pepper.use(file, 2);
    const current = Pepper.load(null, file);
    expect(current.versions).toEqual([2, 1]);
    expect(current.digests('a key')).toEqual(known.digests('a key').toReversed());
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is left as it is by a step that cannot be made', () => {
    Pepper.load(null, file);
    const text = readFileSync(file, 'utf8');
    expect(() => Pepper.add(file, 1)).toThrow('two peppers have the same version');
    expect(() => Pepper.use(file, 3)).toThrow('there is no pepper version 3');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('is not made anew where something was made under one already', () => {
    expect(() => Pepper.load(null, file, [1, 3])).toThrow(`${file} is missing`);
    expect(() => Pepper.load(null, file, [1, 3])).toThrow('(version 1, 3): put it back from the backup');
    expect(() => statSync(file)).toThrow('ENOENT');
  });

  it('has marks that tell one secret from another and hold none', () => {
    const marks = Pepper.load(`2:${NEW},1:${FIRST}`, file).marks();
    expect(marks.map(({ version }) => version)).toEqual([2, 1]);
    expect(Pepper.load(FIRST, file).marks()).toEqual([marks[1]]);
    expect(Pepper.load(`1:${NEW}`, file).marks()[0]?.fingerprint).not.toBe(marks[1]?.fingerprint);
    expect(JSON.stringify(marks)).not.toContain(FIRST.slice(0, 10));
  });

  it('says which versions it has, and fails plainly for one that it lacks', () => {
    const pepper = Pepper.load(`2:${NEW}`, file);
    expect([1, 2].map((version) => pepper.has(version))).toEqual([false, true]);
    expect(() => pepper.mac('cursor', 'x', 1)).toThrow('there is no pepper version 1');
  });

  it('reads several versions from its file, one a line', () => {
    Pepper.load(null, file);
    writeFileSync(file, `2:${NEW}\n1:${FIRST}\n`);
    expect(Pepper.load(null, file).digests('a key')).toEqual(Pepper.load(`2:${NEW},1:${FIRST}`, file).digests('a key'));
  });

  it.each([
    ['short', 'the pepper of version 1 is shorter than 32 characters'],
    ['2:short', 'the pepper of version 2 is shorter than 32 characters'],
    [`1:${FIRST},1:${NEW}`, 'two peppers have the same version'],
    [',', 'there is no pepper in it'],
  ])('refuses %j with a sentence that does not quote it', (setting, sentence) => {
    const load = () => Pepper.load(setting, file);
    expect(load).toThrow(`CRM_SECRET_PEPPER: ${sentence}`);
    expect(load).not.toThrow(FIRST);
  });

  it('gives each purpose a key of its own', () => {
    const pepper = Pepper.load(FIRST, file);
    const mac = pepper.mac('cursor', 'data');
    expect(pepper.isMac('cursor', 'data', mac)).toBe(true);
    expect(pepper.isMac('refresh-token', 'data', mac)).toBe(false);
    expect(pepper.isMac('cursor', 'data!', mac)).toBe(false);
  });

  it('checks no more of a tag than was handed out, and no less', () => {
    const pepper = Pepper.load(FIRST, file);
    const short = pepper.mac('cursor', 'data').slice(0, 16);
    expect(pepper.isMac('cursor', 'data', short, 16)).toBe(true);
    for (const tag of ['', short.slice(1), `${short}A`, 'é'.repeat(8)]) {
      expect(pepper.isMac('cursor', 'data', tag, 16)).toBe(false);
    }
  });

  it('recognises the tag of an older version', () => {
    const mac = Pepper.load(FIRST, file).mac('refresh-token', 'data');
    expect(Pepper.load(`2:${NEW},1:${FIRST}`, file).isMac('refresh-token', 'data', mac)).toBe(true);
    expect(Pepper.load(`2:${NEW}`, file).isMac('refresh-token', 'data', mac)).toBe(false);
  });
});

describe('what is sealed', () => {
  const pepper = Pepper.parse(`1:${FIRST}`, 'test');

  it('is opened by whoever has the pepper, and looks different each time', () => {
    const [one, other] = [pepper.seal('purpose', 'user/1', 'a secret'), pepper.seal('purpose', 'user/1', 'a secret')];
    expect(pepper.open('purpose', 'user/1', one)).toBe('a secret');
    expect(one.ciphertext).not.toBe(other.ciphertext);
    expect(JSON.stringify(one)).not.toContain('a secret');
  });

  it('is not opened for another row, another purpose, or by another pepper', () => {
    const sealed = pepper.seal('purpose', 'user/1', 'a secret');
    expect(() => pepper.open('purpose', 'user/2', sealed)).toThrow();
    expect(() => pepper.open('other', 'user/1', sealed)).toThrow();
    expect(() => Pepper.parse(`1:${NEW}`, 'test').open('purpose', 'user/1', sealed)).toThrow();
  });

  it('is not opened when any byte of it was changed, or cut off', () => {
    const { ciphertext, pepperVersion } = pepper.seal('purpose', 'user/1', 'a secret');
    const bytes = Buffer.from(ciphertext, 'base64url');
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      const sealed = { ciphertext: changed.toString('base64url'), pepperVersion };
      expect(() => pepper.open('purpose', 'user/1', sealed)).toThrow();
      const short = { ciphertext: bytes.subarray(0, index).toString('base64url'), pepperVersion };
      expect(() => pepper.open('purpose', 'user/1', short)).toThrow();
    }
  });

  it('is opened after a rotation, under the version that is stored with it', () => {
    const sealed = pepper.seal('purpose', 'user/1', 'a secret');
    const rotated = Pepper.parse(`2:${NEW},1:${FIRST}`, 'test');
    expect(rotated.open('purpose', 'user/1', sealed)).toBe('a secret');
    expect(rotated.seal('purpose', 'user/1', 'a secret').pepperVersion).toBe(2);
  });
});
