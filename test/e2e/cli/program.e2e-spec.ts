import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cli, cliProcess } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';

const COMMANDS = [
  'admin create',
  'admin reset-password',
  'api-key generate',
  'api-key create',
  'api-key list',
  'api-key rotate',
  'api-key revoke',
  'config check',
  'db migrate',
  'db status',
  'jwt-keys rotate',
  'pepper status',
  'pepper rotate',
  'demo',
];

describe('the command line', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(() => place.drop());

  it.each(COMMANDS)('0 with help and an example for %s', async (command) => {
    const said = await cli(place, [...command.split(' '), '--help']);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toMatch(new RegExp(`Examples?:\\n  (\\S+ )?npm run cli -- ${command}`));
    expect(existsSync(join(place.dataDir, 'omnicrm.sqlite'))).toBe(false);
  });

  it('names every command in its help', async () => {
    const { status, stdout } = await cli(place, ['--help']);
    expect(status).toBe(0);
    for (const name of new Set(COMMANDS.map((command) => command.split(' ')[0])))
      expect(stdout).toContain(`\n  ${name}`);
  });

  it.each([
    ['nothing', []],
    ['a group without its command', ['admin']],
    ['an unknown command', ['paint']],
    ['an unknown option', ['db', 'migrate', '--fast']],
    ['a missing option', ['admin', 'create']],
    ['an argument too many', ['db', 'status', 'now']],
    ['an id that is none', ['api-key', 'revoke', '1e3']],
    ['a time that is none', ['api-key', 'rotate', '1', '--grace', 'a day']],
    ['a number that is none', ['demo', '--customers', 'many']],
  ])('2 with a hint on standard error for %s', async (_what, args) => {
    const said = await cli(place, args);
    expect(said).toMatchObject({ status: 2, stdout: '' });
    expect(said.stderr).toMatch(/--help/);
    expect(existsSync(join(place.dataDir, 'omnicrm.sqlite'))).toBe(false);
  });

  it('runs as a process of its own, ends by itself, and writes for its owner alone', async () => {
    const fresh = { ...place, dataDir: join(place.dataDir, 'new') };
    const environment = { CRM_DATA_DIR: fresh.dataDir };
    const said = await cliProcess(place, ['admin', 'create', '--email', 'maria@example.com'], { environment });
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toMatch(/^Administrator maria@example\.com created \(user 1\)\.\nPassword: \w{24} /);
    const files = ['pepper', 'jwt-keys.json', ...(place.url === null ? ['omnicrm.sqlite'] : [])];
    for (const name of files) expect(statSync(join(fresh.dataDir, name)).mode & 0o077).toBe(0);
  });

  it('1 in one line, without a stack and without the password, when the database cannot be reached', async () => {
    const environment = { CRM_DATABASE_URL: 'mysql://crm:swordfish@127.0.0.1:1/crm' };
    const said = await cliProcess(place, ['api-key', 'list'], { environment });
    expect(said).toMatchObject({ status: 1, stdout: '' });
    expect(said.stderr).toMatch(/^cannot use the database \(mysql:\/\/127\.0\.0\.1:1\/crm\): .+\n$/i);
    expect(said.stderr).not.toContain('swordfish');
  });
});
