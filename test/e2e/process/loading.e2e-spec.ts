import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { ServerProcess } from '../../support/server-process.js';

const DIST = pathToFileURL(join(__dirname, '../../../dist/'));
const HOOK = join(__dirname, '../../support/loaded.mjs');
/** Not packed, and so read from where they are installed: docs/adr/0016. */
const AS_INSTALLED = [
  '@phc/format',
  'argon2',
  'better-sqlite3',
  'bindings',
  'file-uri-to-path',
  'node-gyp-build',
  'reflect-metadata',
  'swagger-ui-dist',
];
const FOR_LATER = /\/packages\/(commander|faker|nodemailer|qrcode)\b/;

const path = (loaded: string): string => (loaded.startsWith('file:') ? new URL(loaded).pathname : loaded);
const packageOf = (file: string): string | undefined => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1];

describe('what a start loads', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  it('packages as they were packed, each once, and none that is for later', async () => {
    const file = join(place.dataDir, 'loaded.json');
    const server = await ServerProcess.start(place, {
      environment: { LOADED_FILE: file },
      command: ([node = '', ...main]) => [node, '--import', HOOK, ...main],
    });
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    const loaded = (JSON.parse(readFileSync(file, 'utf8')) as string[]).map(path);
    expect(loaded.filter((it) => it.includes('/dist/packages/'))).not.toEqual([]);
    const installed = new Set(loaded.map(packageOf).filter((it) => it !== undefined));
    expect([...installed].filter((it) => !AS_INSTALLED.includes(it))).toEqual([]);
    expect(loaded.filter((it) => FOR_LATER.test(it))).toEqual([]);
  });

  it('and finds what was left out of them when it is asked for', () => {
    const program = `
      const { usePackedPackages } = await import('${DIST.href}src/packed-packages.js');
      usePackedPackages(new URL('${DIST.href}'));
      const { isPhoneNumber } = await import('${DIST.href}packages/class-validator.mjs');
      console.log(isPhoneNumber('+44 20 7946 0123'), isPhoneNumber('+44 20'));
      const require = process.getBuiltinModule('module').createRequire('${DIST.href}packages/mysql2.mjs');
      console.log(require('iconv-lite/encodings/tables/shiftjis.json').length > 0);`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })).toBe(
      'true false\ntrue\n',
    );
  });

  it('and serves the documents of the unpacked program', async () => {
    const { url } = await ServerProcess.start(place);
    const document: unknown = await (await fetch(`${url}/crm/docs-json`)).json();
    expect(document).toEqual(JSON.parse(readFileSync(join(__dirname, '../../../docs/openapi.json'), 'utf8')));
    const page = await (await fetch(`${url}/crm/docs/`)).text();
    const parts = [...page.matchAll(/(?:href|src)="(\.[^"]+)"/g)].map(
      ([, part = '']) => new URL(part, `${url}/crm/docs/`),
    );
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect([part.pathname, (await fetch(part)).status]).toEqual([part.pathname, 200]);
  });
});
