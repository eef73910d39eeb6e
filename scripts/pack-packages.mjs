// Packs the packages that the built server imports into a few files under dist/packages/ (docs/adr/0016). A start then
// reads some sixty files of theirs instead of 2,700. What is not found there comes from node_modules as ever.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { leaveOut } from './leave-out.mjs';

const IMPORTED = /(?:\bfrom |\bimport |\bimport\()'((?!node:|\.)[^']+)'/g;

/** Native ones; those that look for files beside themselves; the one that must be there once and before all others. */
const LEFT = ['argon2', 'better-sqlite3', 'reflect-metadata', 'swagger-ui-dist'];
/** Those that packages look up under a name they make up, so that no import tells of them. */
const UNSEEN = ['class-validator', 'mysql2'];

/** Node is given their CommonJS form, each of whose functions an importer would then reach through a getter. */
const MODULES = { rxjs: 'rxjs/dist/esm/index.js', 'rxjs/operators': 'rxjs/dist/esm/operators/index.js' };

const HEAD = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;
const ASKED = Symbol('asked');

export async function packPackages(root) {
  const { build } = await import('esbuild');
  const folder = join(root, 'dist/packages');
  const names = [...new Set([...importedBy(join(root, 'dist/src')), ...UNSEEN])].filter((name) => !isLeft(name)).sort();
  const doors = new Map();
  // One after the other: they load each other.
  for (const name of names) doors.set(name, doorTo(name, exportsOf(name, await load(name))));
  await build({
    entryPoints: names.map((name) => ({ in: `door:${name}`, out: fileOf(name) })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    plugins: [leaveOut(), openDoors(root, doors)],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node22',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: HEAD },
  });
  for (const name of readdirSync(folder)) escapeIn(join(folder, name));
  writeFileSync(join(folder, 'node-http.mjs'), doorToHttp());
  const index = Object.fromEntries(names.map((name) => [name, `${fileOf(name)}.mjs`]));
  const all = { ...index, http: 'node-http.mjs', 'node:http': 'node-http.mjs' };
  writeFileSync(join(folder, 'index.json'), `${JSON.stringify(all, null, 2)}\n`);
}

/** One letter beyond ASCII, such as in a regular expression, and V8 keeps the whole file with two bytes a letter. */
function escapeIn(file) {
  const text = readFileSync(file, 'utf8');
  const escaped = text.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (escaped !== text) writeFileSync(file, escaped);
}

/** `require` finds paths that `import` does not. */
function load(name) {
  return import(UNSEEN.includes(name) ? pathToFileURL(createRequire(import.meta.url).resolve(name)) : name);
}

/** What only CommonJS has is left out where its other form is packed. */
function exportsOf(name, loaded) {
  const exported = Object.keys(loaded);
  return name in MODULES
    ? exported.filter((it) => !['__esModule', 'default', 'module.exports'].includes(it))
    : exported;
}

function isLeft(name) {
  return LEFT.some((left) => name === left || name.startsWith(`${left}/`));
}

function fileOf(name) {
  return name.replace(/\W+/g, '-').replace(/^-/, '');
}

function importedBy(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith('.js'))
    .flatMap((file) => [...readFileSync(join(folder, file), 'utf8').matchAll(IMPORTED)].map(([, name]) => name));
}

/** Exports by name what Node finds in the package, CommonJS or not; `require` gets what it would get there. */
function doorTo(name, exported) {
  const named = exported.filter((it) => it !== 'default' && it !== 'module.exports');
  return [
    `import * as all from ${JSON.stringify(name)};`,
    ...named.map((it, index) => `const _${index} = all[${JSON.stringify(it)}];`),
    `export { ${named.map((it, index) => `_${index} as ${JSON.stringify(it)}`).join(', ')} };`,
    ...(exported.includes('default') ? ['const _default = all.default;', 'export { _default as default };'] : []),
    ...(exported.includes('module.exports') ? [`export { _default as 'module.exports' };`] : []),
  ].join('\n');
}

/** Imported the usual way it hands out these as well, and so loads a whole client for HTTP that nobody asked for. */
const BORROWED = new Set(['CloseEvent', 'MessageEvent', 'WebSocket']);

function doorToHttp() {
  const named = Object.keys(Object.getOwnPropertyDescriptors(http)).filter((name) => !BORROWED.has(name));
  return `const all = process.getBuiltinModule('node:http');
export default all;
export const { ${named.join(', ')} } = all;
`;
}

function openDoors(root, doors) {
  return {
    name: 'doors',
    setup(esbuild) {
      // The ending tells esbuild to read CommonJS as Node does.
      esbuild.onResolve({ filter: /^door:/ }, ({ path }) => ({ path: `${path.slice(5)}.mjs`, namespace: 'door' }));
      esbuild.onLoad({ filter: /./, namespace: 'door' }, ({ path }) => ({
        contents: doors.get(path.slice(0, -4)),
        resolveDir: root,
      }));
      esbuild.onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, kind, importer, namespace, resolveDir }) => {
        if (pluginData === ASKED || path.startsWith('door:')) return undefined;
        if (isLeft(path)) return { path, external: true };
        if (path in MODULES) return { path: join(root, 'node_modules', MODULES[path]) };
        const found = await esbuild.resolve(path, { kind, importer, namespace, resolveDir, pluginData: ASKED });
        // What a package can do without, such as the drivers of other databases.
        return found.errors.length > 0 ? { path, external: true } : found;
      });
    },
  };
}
