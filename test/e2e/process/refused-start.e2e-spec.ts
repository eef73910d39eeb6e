import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { execute, rowsOf } from '../../support/rows.js';
import { ServerProcess } from '../../support/server-process.js';

const KEY = 'swordfish-0123456789-swordfish-0123456789';
const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  'b: &b [*a, *a, *a, *a, *a, *a]',
  'c: [*b, *b, *b, *b, *b, *b, *b]',
].join('\n');

describe('a start that cannot be', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  /** What it says on standard error; it ends by itself with 1, says nothing else, and shows neither stack nor secret. */
  const refusal = async (environment: Record<string, string>): Promise<string> => {
    const server = ServerProcess.spawn(place, { environment: { CRM_LOG_LEVEL: 'warn', ...environment } });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.stdout).toBe('');
    expect(server.stderr).not.toMatch(/\n\s+at |node_modules|swordfish/);
    return server.stderr;
  };
  const config = (text: string, environment: Record<string, string> = {}): Promise<string> => {
    const file = join(place.dataDir, 'refused.yaml');
    writeFileSync(file, text);
    return refusal({ CRM_CONFIG_FILE: file, ...environment });
  };

  it('says that the port is taken before anything is made: no database, no administrator, no password', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const server = ServerProcess.spawn(place, { environment: { CRM_PORT: String(port), CRM_LOG_LEVEL: 'warn' } });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    other.close();
    expect(server.stderr).toBe(
      'Cannot listen: the port is taken. Set CRM_PORT to a free one, or stop the other server.\n',
    );
    expect(server.stdout).toBe('');
    expect(readdirSync(place.dataDir)).toEqual([]);
    await expect(rowsOf(place, 'SELECT email FROM users')).rejects.toThrow();
  });

  it('says that the address is not of this machine', async () => {
    const environment = { CRM_HOST: '203.0.113.1', CRM_ADMIN_PASSWORD: 'a swordfish of tests', CRM_LOG_LEVEL: 'warn' };
    const server = ServerProcess.spawn(place, { environment });
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.stderr).toBe('Cannot listen: this machine has no such address. Check CRM_HOST.\n');
    expect(server.stdout).not.toContain('swordfish');
  });

  it.each([
    ['is a file', 'file'],
    ['lies below a file', 'file/data'],
  ])('says that the data folder %s', async (_what, path) => {
    writeFileSync(join(place.dataDir, 'file'), '');
    const said = await refusal({ CRM_DATA_DIR: join(place.dataDir, path) });
    expect(said).toMatch(/^[^\n]+\n$/);
    expect(said).toContain(join(place.dataDir, path));
    expect(said).toMatch(/EEXIST|ENOTDIR|not a directory/);
  });

  it('says that the database does not answer, and shows no password', async () => {
    const said = await refusal({ CRM_DATABASE_URL: 'mysql://crm:swordfish@127.0.0.1:1/crm' });
    expect(said).toMatch(/^cannot use the database \(mysql:\/\/127\.0\.0\.1:1\/crm\): .*ECONNREFUSED.*\n$/i);
  });

  it('says that the database is of a newer version, and leaves it alone', async () => {
    const first = await ServerProcess.start(place);
    first.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
    await execute(place, `INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Tomorrow1999999999999')`);
    expect(await refusal({})).toMatch(/^the database has a newer schema[^\n]*Tomorrow1999999999999[^\n]*\n$/i);
  });

  it('lists all that is wrong with the settings at once, each with line and path', async () => {
    const text = [
      'api_keys:',
      '  swordfish: { roles: [admin] }',
      `  ${KEY}: { roles: [Support] }`,
      `  ${KEY}: { roles: [admin] }`,
      'ip_whitelist: [8.8.8.0/24]',
    ].join('\n');
    const said = await config(text, { CRM_PORT: '99999' });
    expect(said.trim().split('\n')).toEqual([
      expect.stringMatching(/^environment CRM_PORT: must be a whole number/),
      expect.stringMatching(/refused\.yaml:2 api_keys\[0\]: the key has 9 characters; at least 32 are needed$/),
      expect.stringMatching(/refused\.yaml:4 api_keys\[2\]: is there twice, first on line 3/),
      expect.stringMatching(/refused\.yaml:5 ip_whitelist\[0\]: 8\.8\.8\.0\/24 is public/),
    ]);
  });

  it.each([
    ['broken', 'http: [\n', /refused\.yaml:\d: .*bracket/],
    ['empty', '', /refused\.yaml: is empty/],
    ['indented with a tab', 'http:\n\tpublic_docs: true\n', /refused\.yaml:2: .*tab/],
    ['an alias bomb', BOMB, /refused\.yaml:\d.*alias/],
  ])('says that the settings file is %s', async (_what, text, sentence) => {
    const said = await config(text);
    expect(said).toMatch(sentence);
    expect(said.length).toBeLessThan(2_000);
  });

  it('says that the settings file cannot be read, or is not there', async () => {
    const folder = join(place.dataDir, 'folder.yaml');
    mkdirSync(folder);
    expect(await refusal({ CRM_CONFIG_FILE: folder })).toBe(`${folder}: is not a file\n`);
    const missing = join(place.dataDir, 'missing.yaml');
    expect(await refusal({ CRM_CONFIG_FILE: missing })).toBe(
      `environment CRM_CONFIG_FILE: there is no file ${missing}\n`,
    );
  });

  it('names the roles that nobody knows, before it listens and before it makes an administrator', async () => {
    const said = await config(
      `api_keys:\n  ${KEY}: { roles: [pilot] }\nip_whitelist:\n  - { address: 10.0.0.1, roles: [steward] }\n`,
    );
    expect(said).toMatch(/refused\.yaml:2 api_keys\[0\]\.roles: there is no role or permission called pilot/);
    expect(said).toMatch(/refused\.yaml:4 ip_whitelist\[0\]\.roles: there is no role or permission called steward/);
    expect(await rowsOf(place, 'SELECT * FROM users')).toEqual([]);
  });
});
