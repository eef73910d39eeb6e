import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NO_LIMITS } from '../../support/app.js';
import { cli, told, type Typed } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { eventually, ServerProcess } from '../../support/server-process.js';

const OLD = 'a pepper of the first version; long enough';
const NEW = 'a pepper of the second version; long enough';

describe('pepper', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  const create = async (name: string, typed: Typed = {}) =>
    told(await cli(place, ['api-key', 'create', '--name', name, '--permission', 'view_customer'], typed), 'Key');
  const status = async (typed: Typed = {}) => (await cli(place, ['pepper', 'status'], typed)).stdout;
  const remaining = async () => Number(/^Remaining on other versions than \d+: (\d+) keys/m.exec(await status())?.[1]);
  const use = async (server: ServerProcess, key: string) =>
    (await fetch(`${server.url}/crm/customers`, { headers: { 'x-api-key': key } })).status;
  const file = () => join(place.dataDir, 'pepper');
  const settings = (pepper: string): Typed => ({ environment: { CRM_SECRET_PEPPER: pepper } });

  it('is rotated under a running server without one refused key; each key moves at its next use', async () => {
    const keys = [await create('First'), await create('Second'), await create('Third')];
    writeFileSync(join(place.dataDir, 'crm_config.yaml'), NO_LIMITS);
    const server = await ServerProcess.start(place, { environment: { CRM_LOG_LEVEL: 'info' } });
    const before = readFileSync(file(), 'utf8');
    let isOver = false;
    const answers: number[] = [];
    const client = async (): Promise<void> => {
      while (!isOver) answers.push(await use(server, keys[0] ?? ''));
    };
    const clients = [client(), client()];
    const said = await cli(place, ['pepper', 'rotate']);
    const log = () => Promise.resolve(server.stdout + server.stderr);
    await eventually(log, (text) => text.includes('version 2 is current; still known: 1'));
    await eventually(remaining, (count) => count === 2);
    isOver = true;
    await Promise.all(clients);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toMatch(/^1\. Version 2 stands in .*\n2\. Version 2 is current; version 1 stays known\./);
    expect(readFileSync(file(), 'utf8').split('\n').slice(1).join('\n')).toBe(before);
    expect(new Set(answers)).toEqual(new Set([200]));

    expect(await status()).toMatch(/^2 +current +1 +0 +0\n1 +known +2 +0 +0\nRemaining .*: 2 keys, 0 old values\.$/m);
    expect(await use(server, keys[1] ?? '')).toBe(200);
    expect(await remaining()).toBe(1);
    expect(await use(server, keys[2] ?? '')).toBe(200);
    expect(await remaining()).toBe(0);
    expect(await cli(place, ['audit', 'verify'])).toMatchObject({ status: 0 });

    // Now the old one is needed by no key, and taking it away refuses none.
    const [current] = readFileSync(file(), 'utf8').split('\n');
    writeFileSync(file(), `${current}\n`);
    await eventually(log, (text) => /version 2 is current"/.test(text));
    expect(await Promise.all(keys.map((key) => use(server, key)))).toEqual([200, 200, 200]);

    const records = await rowsOf(
      place,
      `SELECT event, actor_name AS actor, after FROM audit_logs WHERE event LIKE 'pepper%'`,
    );
    expect(records.map(({ event, actor, after }) => [event, actor, JSON.parse(after as string)])).toEqual([
      ['pepper.added', 'command line', { version: 2 }],
      ['pepper.rotated', 'command line', { version: 2, before: 1 }],
    ]);
  });

  it('takes an interrupted rotation up again, and says that it is not finished', async () => {
    await create('Key');
    writeFileSync(file(), `${readFileSync(file(), 'utf8')}2:${NEW}\n`);
    expect(await status()).toContain('The rotation to version 2 is not finished: run "pepper rotate".');
    const said = await cli(place, ['pepper', 'rotate']);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(file(), 'utf8').split('\n')[0]).toBe(`2:${NEW}`);
    expect(said.stdout).not.toContain(NEW);
    expect(await status()).not.toContain('not finished');
  });

  it('changes nothing that the environment sets: it prints the steps, and no secret but a fresh one', async () => {
    await create('Key', settings(OLD));
    const records = () => rowsOf(place, 'SELECT COUNT(*) AS number FROM audit_logs');
    const before = await records();
    const said = await cli(place, ['pepper', 'rotate'], settings(OLD));
    expect(said).toMatchObject({ status: 0, stderr: '' });
    const [, fresh = ''] = /^ +CRM_SECRET_PEPPER=<the entries as they are>,2:([\w-]{43})$/m.exec(said.stdout) ?? [];
    expect(said.stdout).toMatch(/^ +CRM_SECRET_PEPPER=2:<its secret>,<the other entries as they are>$/m);
    expect(said.stdout).not.toContain(OLD);
    expect(await records()).toEqual(before);
    expect(await rowsOf(place, 'SELECT version FROM pepper_versions')).toEqual([{ version: 1 }]);

    const known = settings(`${OLD},2:${fresh}`);
    const second = await cli(place, ['pepper', 'rotate'], known);
    expect(second.stdout).toContain('Version 2 is known here, and not yet current.');
    expect(second.stdout).not.toContain(fresh);
    expect(await status(known)).toMatch(/^Pepper of CRM_SECRET_PEPPER:\n.*\n1 +current +1 .*\n2 +known +0 /);
    const current = settings(`2:${fresh},${OLD}`);
    expect(await status(current)).toMatch(/^2 +current +0 .*\n1 +known +1 .*\nRemaining .*: 1 keys, 0 old values\.$/m);
  });

  it('status counts old values, leaves out revoked keys, and shows a version that is missing', async () => {
    await create('Plain', settings(OLD));
    await create('Rotated', settings(OLD));
    await create('Revoked', settings(OLD));
    await cli(place, ['api-key', 'rotate', '2', '--grace', '60'], settings(OLD));
    await cli(place, ['api-key', 'revoke', '3'], settings(OLD));
    expect(await status(settings(`2:${NEW},1:${OLD}`))).toMatch(/^1 +known +2 +1 +0$/m);
    expect(await status(settings(`2:${NEW}`))).toMatch(/^2 +current +0 +0 +0\n1 +MISSING +2 +1 +0$/m);
  });

  it('is refused in one line, by every command, where the file is gone or not this database’s', async () => {
    await create('Key');
    const kept = readFileSync(file());
    rmSync(file());
    const refused = {
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^\S+pepper is missing, and there are keys.*\n$/),
    };
    for (const args of [
      ['pepper', 'status'],
      ['pepper', 'rotate'],
      ['api-key', 'list'],
    ])
      expect(await cli(place, args)).toMatchObject(refused);
    writeFileSync(file(), `1:${NEW}\n`);
    const other = await cli(place, ['pepper', 'status']);
    expect(other).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('its pepper of version 1 is not the one'),
    });
    expect(other.stderr).not.toContain(NEW);
    writeFileSync(file(), kept);
    expect(await status()).toMatch(/^1 +current +1 +0 +0$/m);
  });

  it('can be replaced where it is lost for good, once the keys that nobody can recognise are revoked', async () => {
    await create('Lost');
    writeFileSync(file(), `2:${NEW}\n`);
    const server = ServerProcess.spawn(place);
    expect(await server.ended).toEqual({ code: 1, signal: null });
    expect(server.stderr).toMatch(/^there are API keys made under pepper version 1, which this server does not have/m);
    expect(await cli(place, ['api-key', 'revoke', '1'])).toMatchObject({ status: 0 });
    const key = await create('Its successor');
    expect(await use(await ServerProcess.start(place), key)).toBe(200);
  });
});
