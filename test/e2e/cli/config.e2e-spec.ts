import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { execute } from '../../support/rows.js';

const KEY = 'swordfish-0123456789-swordfish-0123456789';

describe('config check', () => {
  let place: TestDatabase;
  let file: string;

  beforeEach(async () => {
    place = await testDatabase();
    file = join(place.dataDir, 'some.yaml');
  });
  afterEach(() => place.drop());

  const check = (text: string, environment = {}) => {
    writeFileSync(file, text);
    return cli(place, ['config', 'check', file], { environment });
  };

  it('0 and ok for a good file, and makes no database for it', async () => {
    const said = await check(
      `api_keys:\n  ${KEY}: { roles: [Support, view_invoice] }\nip_whitelist: [{ address: 10.0.0.0/24, roles: [view_service] }]\n`,
    );
    expect(said).toEqual({ status: 0, stdout: `ok: ${file}\n`, stderr: '' });
    expect(existsSync(join(place.dataDir, 'omnicrm.sqlite'))).toBe(false);
    expect(existsSync(join(place.dataDir, 'pepper'))).toBe(false);
  });

  it('0 without a file at all: the defaults are good', async () => {
    const environment = { CRM_CONFIG_FILE: '' };
    expect(await cli(place, ['config', 'check'], { environment })).toMatchObject({ status: 0, stderr: '' });
  });

  it('1 with every problem at once, each with line and path, and no key', async () => {
    const said = await check(
      `api_keys:\n  swordfish: { roles: [admin] }\nip_whitelist: [8.8.8.8]\nhttp: { colour: red }\n`,
      {
        CRM_PORT: 'x',
      },
    );
    expect(said).toMatchObject({ status: 1, stdout: '' });
    expect(said.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/^environment CRM_PORT: /),
      expect.stringMatching(/some\.yaml:2 api_keys\[0\]: .*9 characters/),
      expect.stringMatching(
        /some\.yaml:3 ip_whitelist\[0\]: 8\.8\.8\.8\/32 is public|some\.yaml:3 ip_whitelist\[0\]: .*public/,
      ),
      expect.stringMatching(/some\.yaml:4 http\.colour: is not a setting/),
    ]);
    expect(said.stderr).not.toContain('swordfish');
  });

  it('1 naming the roles that nobody knows: those of the database, or of the first start while there is none', async () => {
    const text = `api_keys:\n  ${KEY}: { roles: [pilot] }\nip_whitelist:\n  - { address: 10.0.0.1, roles: [Stewards] }\n`;
    const before = await check(text);
    expect(before).toMatchObject({ status: 1, stdout: '' });
    expect(before.stderr).toMatch(/some\.yaml:2 api_keys\[0\]\.roles: .*pilot/);
    expect(before.stderr).toMatch(/some\.yaml:4 ip_whitelist\[0\]\.roles: .*stewards/i);
    await cli(place, ['admin', 'create', '--email', 'maria@example.com']);
    await execute(place, `UPDATE roles SET name = 'Pilot', name_key = 'pilot' WHERE name = 'Finance'`);
    const after = await check(text);
    expect(after).toMatchObject({ status: 1, stdout: '' });
    expect(after.stderr).not.toContain('pilot');
    expect(after.stderr).toMatch(/stewards/i);
  });

  it('0 with a remark when the database that knows the roles is away', async () => {
    const said = await check('{}', { CRM_DATABASE_URL: 'mysql://crm:tell-nobody@127.0.0.1:1/crm' });
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toMatch(/^Names of roles were not checked: .*127\.0\.0\.1:1\/crm/m);
    expect(said.stdout).not.toContain('tell-nobody');
  });

  it('warns of the keys that everybody knows', async () => {
    const said = await check(`api_keys:\n  your-secure-api-key-here-minimum-32-chars: { roles: [admin] }\n`);
    expect(said).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Warning: .*line 2.*public documentation/),
    });
    const exposed = await check(`api_keys:\n  your-secure-api-key-here-minimum-32-chars: { roles: [admin] }\n`, {
      CRM_HOST: '0.0.0.0',
    });
    expect(exposed).toMatchObject({ status: 1, stderr: expect.stringContaining('public documentation') });
  });

  it('1 for a file that is not there', async () => {
    const said = await cli(place, ['config', 'check', join(place.dataDir, 'none.yaml')]);
    expect(said).toMatchObject({ status: 1, stderr: expect.stringContaining('there is no file') });
  });
});
