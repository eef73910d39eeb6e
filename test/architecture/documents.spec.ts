import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { files, read, ROOT } from './files.js';

interface Package {
  readonly version: string;
  readonly scripts: Readonly<Record<string, string>>;
}

const pack = JSON.parse(read('package.json')) as Package;
const prose = files('.', '.md');
/** Commands are what stands in blocks and between backticks. */
const code = prose.map((path) => ({
  path,
  text: (read(path).match(/```[\s\S]*?```|`[^`\n]+`/g) ?? []).join('\n'),
}));

describe('a generated document', () => {
  let folder: string;

  // The built program writes them: only the build reads the comments that they are made of.
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crm-docs-'));
    const run = (...command: string[]): void => void execFileSync(process.execPath, command, { cwd: ROOT });
    run('scripts/build-if-needed.mjs');
    run('dist/src/openapi.js', folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(['openapi.json', 'errors.md', 'permissions.md', 'metrics.md', 'config.md'])(
    'docs/%s says what the code says',
    (name) => {
      const isSame = readFileSync(join(folder, name), 'utf8') === read(`docs/${name}`);
      expect(isSame || `run "npm run generate": docs/${name} is not what the code says`).toBe(true);
    },
  );
});

describe('prose', () => {
  it('has links that lead somewhere', () => {
    const dead = prose.flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:|#)([^)\s#]+)[^)]*\)/g)]
        .map(([, target = '']) => normalize(join(dirname(path), target)))
        .filter((target) => !existsSync(join(ROOT, target)))
        .map((target) => `${path} → ${target}`),
    );
    expect(dead).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const commands = code.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm (?:run )?(?:--silent )?([a-z][\w:-]*)/g)].map(([, script = '']) => ({ path, script })),
    );
    const known = [...Object.keys(pack.scripts), 'ci'];
    expect(commands.filter(({ script }) => !known.includes(script))).toEqual([]);
    expect(commands.length).toBeGreaterThan(10);
  });

  it('names commands and options that the command line has', () => {
    const source = files('src/cli', '.ts').map(read).join('\n');
    const strange = code.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm run cli -- ([^\n`<|]*)/g)].flatMap(([, words = '']) => {
        const [group = '', verb = ''] = words.split(' ');
        const commands = [group, verb].filter((word) => /^[a-z][a-z-]+$/.test(word));
        const options = words.match(/--[a-z][a-z-]*/g) ?? [];
        return [
          ...commands.filter((word) => !source.includes(`.command('${word}')`)),
          ...options.filter((word) => word !== '--help' && !source.includes(`'${word}`)),
        ].map((word) => `${path}: ${word}`);
      }),
    );
    expect(strange).toEqual([]);
  });

  it('names files of this house that exist', () => {
    const named = prose.flatMap((path) =>
      [...read(path).matchAll(/`((?:src|test|docs|scripts|eslint)\/[\w./-]+)`/g)].map(([, name = '']) => ({
        path,
        name,
      })),
    );
    // The example of docs/how-to/add-a-resource.md is made by its reader.
    const missing = named.filter(({ name }) => !name.includes('vendors') && !existsSync(join(ROOT, name)));
    expect(missing).toEqual([]);
  });

  it('names variables that exist', () => {
    const known = new Set(variables());
    const strange = prose.flatMap((path) =>
      [...read(path).matchAll(/\bCRM_[A-Z_]+\b/g)]
        .map(([name]) => name)
        .filter((name) => !known.has(name) && !name.startsWith('CRM_TEST_'))
        .map((name) => `${path}: ${name}`),
    );
    expect(strange).toEqual([]);
  });
});

function variables(): string[] {
  return [...read('src/platform/config/environment.ts').matchAll(/^ {2}(CRM_[A-Z_]+):/gm)].map(([, name = '']) => name);
}

describe('README.md', () => {
  const readme = read('README.md');

  it.each(['npm ci && npm start', 'npm ci && npm test'])('says %s', (command) => expect(readme).toContain(command));

  it('says what .ci/run runs', () => {
    const commands = [...read('.ci/run').matchAll(/^npm [a-z ]+[a-z]/gm)].map(([line]) => line);
    expect(commands).toEqual(['npm ci', 'npm run check', 'npm test']);
  });
});

describe('.env.example', () => {
  it('has a line for every variable, and no other', () => {
    const lines = [...read('.env.example').matchAll(/^# (CRM_[A-Z_]+)=/gm)].map(([, name]) => name);
    expect(lines.sort()).toEqual(variables().sort());
  });
});

describe('a decision', () => {
  const records = files('docs/adr', '.md').map((path) => path.slice('docs/adr/'.length));

  it('has a number of its own, without gaps', () => {
    const numbers = records.map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1]);
    expect(numbers).toEqual(numbers.map((_, index) => String(index).padStart(4, '0')));
  });

  it.each(records)('%s says its number, and all that one must say', (name) => {
    const text = read(`docs/adr/${name}`);
    expect(text).toMatch(new RegExp(`^# ${name.slice(0, 4)} [A-Z<]`));
    const parts = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(parts).toEqual(['Context', 'Decision', 'Consequences', 'Rejected']);
  });

  it('is there where the code refers to one', () => {
    const named = files('src', '.ts').flatMap((path) =>
      [...read(path).matchAll(/docs\/adr\/(\d{4})/g)].map(([, number]) => number),
    );
    expect(named.filter((number) => !records.some((name) => name.startsWith(`${number}-`)))).toEqual([]);
  });
});

describe('the changelog', () => {
  it('begins with what is not released yet', () => {
    expect(/^## \[(.+?)\]/m.exec(read('CHANGELOG.md'))?.[1]).toBe('Unreleased');
  });
});

describe('the version', () => {
  it('is the same in package.json and in the API', () => {
    const { info } = JSON.parse(read('docs/openapi.json')) as { info: { version: string } };
    expect(info.version).toBe(pack.version);
  });
});
