import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { MAX_BYTES } from './config-file.js';
import { configFileOf, type Variables } from './environment.js';

/** Where the settings come from. Tests hand in one of their own and touch neither files nor the environment. */
export interface ConfigSource {
  /** How the file is called in problems. */
  readonly file: string;
  readonly environment: Variables;
  /** The YAML text; null when there is no file. Throws an `UnreadableConfig` when it is there and cannot be read. */
  readonly read: () => string | null;
  /** Changes whenever the file does; null when there is no file. A source without it is never polled. */
  readonly stamp?: () => string | null;
}

/** Its message is the rest of a sentence that begins with the file. */
export class UnreadableConfig extends Error {}

/** The real file and the real environment. The only place of the server that reads the environment. */
export function processSource(): ConfigSource {
  return fileSource({ ...process.env });
}

/** The file that the given environment names. */
export function fileSource(environment: Variables): ConfigSource {
  const { file } = configFileOf(environment);
  return { file, environment, read: () => readText(file), stamp: () => stampOf(file) };
}

function readText(file: string): string | null {
  try {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat) return null;
    // A pipe or a device would block, and a huge file would be read in vain.
    if (!stat.isFile()) throw new UnreadableConfig('is not a file');
    if (stat.size > MAX_BYTES) throw new UnreadableConfig('is larger than 1 MiB');
    const bytes = readFileSync(file);
    if (!isUtf8(bytes)) throw new UnreadableConfig('is not UTF-8 text');
    return bytes.toString();
  } catch (error) {
    if (error instanceof UnreadableConfig) throw error;
    throw new UnreadableConfig(`cannot be read (${codeOf(error)})`);
  }
}

function stampOf(file: string): string | null {
  try {
    const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
    return stat ? [stat.dev, stat.ino, stat.size, stat.mtimeNs].join(':') : null;
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
