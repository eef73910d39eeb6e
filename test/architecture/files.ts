import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');

// What is built, installed, or written by a running server is no part of the house.
const ELSEWHERE = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);

/** Every file of the house below `folder`, as paths from its root. */
export function files(folder = '.', ending = ''): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const name of readdirSync(path).sort()) {
      const full = join(path, name);
      if (ELSEWHERE.has(name) && dirname(full) === ROOT) continue;
      if (name === 'node_modules' || /\.sqlite/.test(name)) continue;
      if (statSync(full).isDirectory()) visit(full);
      else if (name.endsWith(ending)) found.push(relative(ROOT, full));
    }
  };
  visit(join(ROOT, folder));
  return found;
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
