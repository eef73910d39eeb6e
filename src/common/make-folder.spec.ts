import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './make-folder.js';

describe('makeFolder', () => {
  let place: string;
  beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'folder-'))));
  afterEach(() => rmSync(place, { recursive: true }));

  it('makes what is missing, for its owner alone, and leaves what is there', () => {
    const path = join(place, 'a', 'b');
    makeFolder(path);
    makeFolder(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('fails below a file, and where a file system refuses, instead of trying for ever', () => {
    writeFileSync(join(place, 'file'), '');
    expect(() => makeFolder(join(place, 'file', 'a'))).toThrow(/ENOTDIR|EEXIST/);
    expect(() => makeFolder('/proc/no-such-process/a')).toThrow(/ENOENT/);
  });
});
