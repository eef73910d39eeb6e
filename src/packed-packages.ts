import { readFileSync } from 'node:fs';
import * as loader from 'node:module';
import { fileURLToPath } from 'node:url';

const RELATIVE = /^\.\.?\/.*\.m?js$/;

/**
 * Lets every import of a package find the file that the build packed it into (docs/adr/0016), and keeps what V8 compiled
 * beside the program, where only those may write who may change the program. Without either a start is slower, no more.
 */
export function usePackedPackages(dist: URL): void {
  const packed = readIndex(new URL('packages/', dist));
  // Older Nodes lack it.
  loader.registerHooks?.({
    resolve: (name, context, next) => {
      if (isOurs(name, context, dist.href)) {
        return { url: new URL(name, context.parentURL).href, format: 'module', shortCircuit: true };
      }
      const file = packed.get(name);
      if (file === undefined || isRequired(name, context)) return next(name, context);
      return { url: file, format: 'module', shortCircuit: true };
    },
  });
  loader.enableCompileCache(fileURLToPath(new URL('.compiled', dist)));
}

/** Our own modules name each other as they are in the folder: Node would ask the disk four times about each of hundreds. */
function isOurs(name: string, { parentURL = '', conditions }: loader.ResolveHookContext, dist: string): boolean {
  return RELATIVE.test(name) && parentURL.startsWith(dist) && conditions.includes('import');
}

/** What `require` gets from Node itself is good as it is. */
function isRequired(name: string, { conditions }: loader.ResolveHookContext): boolean {
  return conditions.includes('require') && loader.isBuiltin(name);
}

function readIndex(folder: URL): ReadonlyMap<string, string> {
  try {
    const files = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as Record<string, string>;
    return new Map(Object.entries(files).map(([name, file]) => [name, new URL(file, folder).href]));
  } catch {
    return new Map();
  }
}
