import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { files, read, ROOT } from './files.js';

/** The rooms of a feature. A new kind of file is a new room in every feature: think twice, then write it here. */
const KINDS = 'module|controller|service|repository|dto|permissions|errors|settings|entity|jobs|view|interceptor'.split(
  '|',
);
/** Rules and data of a row that are worth a room of their own: `api-key.status.ts`. */
const ROW_KINDS = ['status', 'limits', 'presets', 'principals', 'rules'];
/** Below the features: they serve all of them and have rooms of their own. */
const FOUNDATIONS = ['audit', 'auth', 'cli', 'common', 'platform', 'rbac', 'throttling'];

const folders = (path: string): string[] =>
  readdirSync(join(ROOT, path)).filter((name) => statSync(join(ROOT, path, name)).isDirectory());
const features = folders('src').filter((name) => !FOUNDATIONS.includes(name));

describe('a feature', () => {
  it.each(features)('%s has only files of the known kinds, in folders of a noun where it outgrew one', (feature) => {
    const kinds = [...KINDS, ...ROW_KINDS].join('|');
    const known = new RegExp(`^src/${feature}/(?:[a-z-]+/)?[a-z0-9-]+\\.(?:${kinds})(?:\\.spec)?\\.ts$`);
    const strange = files(`src/${feature}`).filter(
      (path) => !known.test(path) || /\/(?:dto|entities|interfaces)\//.test(path),
    );
    expect(strange).toEqual([]);
    expect(files(`src/${feature}`)).toContain(`src/${feature}/${feature}.module.ts`);
  });

  it.each(files('src', '.controller.ts'))('%s stands beside what it speaks for', (path) => {
    const folder = path.slice(0, path.lastIndexOf('/'));
    const kinds = files(folder).map((file) => file.split('.').at(-2));
    // A noun within a feature shares its module, errors and permissions.
    const isNoun = path.split('/').length > 3;
    const needed = isNoun ? ['service', 'dto'] : ['module', 'service', 'dto', 'errors', 'permissions'];
    expect(kinds).toEqual(expect.arrayContaining(needed));
  });

  it('is wired in app.module.ts', () => {
    const modules = read('src/app.module.ts');
    const missing = features.filter((feature) => !modules.includes(`'./${feature}/${feature}.module.js'`));
    expect(missing).toEqual([]);
  });
});

describe('app.module.ts', () => {
  it.each(['APP_GUARD', 'APP_PIPE', 'APP_FILTER', 'APP_INTERCEPTOR', 'useGlobal'])('alone may say %s', (word) => {
    const others = files('src', '.ts').filter((path) => path !== 'src/app.module.ts' && read(path).includes(word));
    expect(others).toEqual([]);
  });

  it('asks who, how often, whether, in this order', () => {
    const guards = [...read('src/app.module.ts').matchAll(/APP_GUARD, useClass: (\w+)/g)].map(([, name]) => name);
    expect(guards.slice(0, 3)).toEqual(['AuthenticationGuard', 'PrincipalThrottlerGuard', 'PermissionGuard']);
  });
});

describe('the house', () => {
  it('has a spec in every e2e folder', () => {
    const empty = folders('test/e2e').filter((folder) => files(`test/e2e/${folder}`, '.e2e-spec.ts').length === 0);
    expect(empty).toEqual([]);
  });

  it('names its folders and files in kebab case', () => {
    const strange = files('src').filter((path) => !/^(?:[a-z0-9-]+\/)*[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(path));
    expect(strange).toEqual([]);
  });

  it('lists every entity and every migration', () => {
    const entities = read('src/entities.ts');
    const migrations = read('src/platform/database/migrations/index.ts');
    const forgotten = [
      ...files('src', '.entity.ts').filter((path) => !entities.includes(path.slice(4, -3))),
      ...files('src/platform/database/migrations')
        .filter((path) => /\/\d{13}-/.test(path))
        .filter((path) => !migrations.includes(path.slice(path.lastIndexOf('/') + 1, -3))),
    ];
    expect(forgotten).toEqual([]);
  });
});
