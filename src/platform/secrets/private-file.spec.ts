import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrivate, readIfThere, replacePrivate } from './private-file.js';

describe('private file', () => {
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'private-'));
    file = join(folder, 'secret');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const modeOf = (path: string): number => statSync(path).mode & 0o777;

  it('is made for its owner only, in a folder for its owner only, and leaves no draft', () => {
    const nested = join(folder, 'new', 'secret');
    expect(createPrivate(nested, 'mine')).toBe('mine');
    expect(modeOf(nested)).toBe(0o600);
    expect(modeOf(join(folder, 'new'))).toBe(0o700);
    expect(readdirSync(join(folder, 'new'))).toEqual(['secret']);
  });

  it('stays what the faster process wrote', () => {
    writeFileSync(file, 'theirs');
    expect(createPrivate(file, 'mine')).toBe('theirs');
    expect(readFileSync(file, 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['secret']);
  });

  it('is replaced whole, and stays for its owner only', () => {
    writeFileSync(file, 'a longer text than the next one', { mode: 0o644 });
    replacePrivate(file, 'short');
    expect(readFileSync(file, 'utf8')).toBe('short');
    expect(modeOf(file)).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['secret']);
  });

  it('is null when it is not there, and an error when it cannot be read', () => {
    expect(readIfThere(file)).toBeNull();
    expect(() => readIfThere(folder)).toThrow('EISDIR');
  });
});
