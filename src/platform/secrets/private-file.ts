import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only the owner may read these files: they hold what everything else is protected with. */
const OWNER_ONLY = 0o600;

export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes a new file; when another process was faster, its file stays and is returned. */
export function createPrivate(file: string, text: string): string {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    write(file, text, 'wx');
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(file, 'utf8');
  }
}

/** Replaces a file whole: a reader sees the old one or the new one, never half of it. */
export function replacePrivate(file: string, text: string): void {
  const draft = `${file}.new`;
  rmSync(draft, { force: true });
  write(draft, text, 'wx');
  renameSync(draft, file);
}

function write(file: string, text: string, flag: string): void {
  const handle = openSync(file, flag, OWNER_ONLY);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
