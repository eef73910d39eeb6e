import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../common/make-folder.js';

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

/** Writes a new file; when another process was faster, its file stays and is returned. Nobody ever sees half of it. */
export function createPrivate(file: string, text: string): string {
  makeFolder(dirname(file));
  const draft = draftOf(file);
  try {
    write(draft, text);
    linkSync(draft, file);
    syncFolderOf(file);
    return text;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readFileSync(file, 'utf8');
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Replaces a file whole: a reader sees the old one or the new one, never half of it. */
export function replacePrivate(file: string, text: string): void {
  const draft = draftOf(file);
  try {
    write(draft, text);
    renameSync(draft, file);
    syncFolderOf(file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function draftOf(file: string): string {
  return `${file}.${randomBytes(6).toString('hex')}.new`;
}

/** After a power cut the file is there under its name: a lost pepper would be the end of every key. */
function syncFolderOf(file: string): void {
  const folder = openSync(dirname(file), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function write(file: string, text: string): void {
  const handle = openSync(file, 'wx', OWNER_ONLY);
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
