// What packages load and no start needs (docs/adr/0016). It would take memory as long as the server runs, called or not.

/** TypeORM names its drivers for a score of databases. Those that nobody can choose here become mere names. */
const DRIVER = /[\\/]typeorm[\\/]driver[\\/]([\w-]+)[\\/](\w+Driver)\.js$/;
const DRIVERS = ['better-sqlite3', 'mysql', 'sqlite-abstract'];
/** Of East Asian character sets; iconv-lite asks for each when it needs it. */
const TABLE = /^\.\/tables\/[\w-]+\.json$/;
/** Data for validators of telephone numbers. */
const LATE = /^libphonenumber-js\/max$/;

/** A plugin of esbuild's. Tables and data are found in `node_modules` when they are asked for. */
export function leaveOut() {
  return {
    name: 'leave-out',
    setup(esbuild) {
      esbuild.onLoad({ filter: DRIVER }, ({ path }) => {
        const [, folder, name] = DRIVER.exec(path);
        return DRIVERS.includes(folder) ? undefined : { contents: `exports.${name} = class ${name} {};` };
      });
      esbuild.onResolve({ filter: TABLE }, ({ path, importer }) => {
        const isOne = importer.includes('iconv-lite');
        return isOne ? { path: path.replace('.', 'iconv-lite/encodings'), external: true } : undefined;
      });
      esbuild.onResolve({ filter: LATE }, ({ path, namespace }) =>
        namespace === 'late' ? { path, external: true } : { path, namespace: 'late' },
      );
      esbuild.onLoad({ filter: /./, namespace: 'late' }, async ({ path }) => ({ contents: await lateDoorTo(path) }));
    },
  };
}

/** Loads the package when the first of its names is used. */
async function lateDoorTo(name) {
  return Object.keys(await import(name))
    .map((it) => `Object.defineProperty(exports, '${it}', { get: () => require('${name}')['${it}'] });`)
    .join('\n');
}
