import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { read, ROOT } from './files.js';

const PAGE = 'test/e2e/api-keys/page';
const REVOKED = '“Key is immediately revoked”';

describe('docs/coverage-of-the-source.md', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'crm-source-'));
    cpSync(join(ROOT, PAGE), join(folder, 'page'), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const generate = (place = PAGE) => {
    const command = ['scripts/coverage-of-the-source.mjs', join(folder, 'docs'), place];
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: ROOT, encoding: 'utf8' });
    return { status, problems: stderr.split('\n').filter(Boolean) };
  };
  /** What is said once one file of a copy was changed so. */
  const afterChange = (file: string, from: string, to: string) => {
    const path = join(folder, 'page', file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(from);
    writeFileSync(path, text.replace(from, to));
    const { status, problems } = generate(join(folder, 'page'));
    expect([status, existsSync(join(folder, 'docs/coverage-of-the-source.md'))]).toEqual([1, false]);
    return problems;
  };

  it('says what the sentences and the names of their tests say: each behaviour has one, each test has its sentence', () => {
    expect(generate()).toEqual({ status: 0, problems: [] });
    const isSame =
      readFileSync(join(folder, 'docs/coverage-of-the-source.md'), 'utf8') === read('docs/coverage-of-the-source.md');
    expect(isSame || 'run "npm run generate": docs/coverage-of-the-source.md is stale').toBe(true);
  });

  it('is not written while a behaviour has no test', () => {
    const behaviour =
      '"sentences": [\n        {\n          "sentence": "Keys can fly", "kind": "behaviour" },\n        {';
    expect(afterChange('sentences.json', '"sentences": [\n        {', behaviour)).toEqual([
      'no test is named after “Keys can fly” (Overview)',
    ]);
  });

  it('is not written while a test has another sentence than the page', () => {
    expect(afterChange('managing.e2e-spec.ts', REVOKED, '“Key is revoked soon”')).toEqual([
      'no test is named after “Key is immediately revoked” (Revoking (Deleting) an API Key)',
      'managing.e2e-spec.ts: the page does not say “Key is revoked soon” under Revoking (Deleting) an API Key',
    ]);
  });

  it.each([
    ['skipped', `it('${REVOKED}`, `it.skip('${REVOKED}`],
    ['named after nothing', `it('${REVOKED}: `, `it('`],
  ])('is not written while a test is %s', (_how, from, to) => {
    expect(afterChange('managing.e2e-spec.ts', from, to)).toContainEqual(
      expect.stringMatching(/^managing\.e2e-spec\.ts: “.+” is no plain test named after a sentence$/),
    );
  });

  it('is not written while the interface stands on a call that is not there', () => {
    expect(afterChange('sentences.json', '"GET /crm/api-keys"', '"GET /crm/api-key-page"')).toEqual([
      'there is no operation GET /crm/api-key-page',
    ]);
  });

  it('is not written while a sentence names a rule that is not told', () => {
    expect(afterChange('sentences.json', '"10": ', '"99": ')).toContainEqual(
      '“Required Permission: MANAGE_API_KEYS (admin role)” lacks what its kind needs',
    );
  });
});
