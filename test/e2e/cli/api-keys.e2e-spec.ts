import { readConfigFile } from '../../../src/platform/config/config-file.js';
import { hasValidChecksum, looksGenerated } from '../../../src/platform/secrets/key-format.js';
import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { TestClock } from '../../support/clock.js';
import { cli, cliProcess, told } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { execute, rowsOf } from '../../support/rows.js';
import { eventually } from '../../support/server-process.js';

describe('api-key generate', () => {
  const nowhere = { url: 'mysql://nobody@127.0.0.1:1/nothing', dataDir: '/dev/null/nowhere' } as TestDatabase;
  const yamlOf = (stdout: string) => stdout.slice(stdout.indexOf('\napi_keys:') + 1);

  it('prints a key and the lines that make it work, without a database', async () => {
    const args = [
      'api-key',
      'generate',
      '--role',
      'provisioning',
      '--role',
      'Support',
      '--description',
      'Ansible: "A"',
    ];
    const said = await cli(nowhere, args);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    const key = told(said, 'Key');
    expect(looksGenerated(key) && hasValidChecksum(key)).toBe(true);
    const { settings, problems } = readConfigFile(yamlOf(said.stdout), '0.0.0.0');
    expect(problems).toEqual([]);
    expect(settings?.apiKeys).toMatchObject([{ roles: ['provisioning', 'support'], description: 'Ansible: "A"' }]);
    expect(settings?.apiKeys[0]?.key.take()).toBe(key);
  });

  it('never prints the same key twice, and grants little when nothing was said', async () => {
    const [one, two] = [await cli(nowhere, ['api-key', 'generate']), await cli(nowhere, ['api-key', 'generate'])];
    expect(told(one, 'Key')).not.toBe(told(two, 'Key'));
    expect(readConfigFile(yamlOf(one.stdout), null).settings?.apiKeys).toMatchObject([{ roles: ['view_customer'] }]);
  });
});

describe('api-key create, list and revoke beside a running server', () => {
  let app: TestApp;
  let place: TestDatabase;

  beforeAll(async () => {
    place = await testDatabase();
    app = await TestApp.start({ database: place });
  });
  afterAll(async () => {
    await app.close();
    await place.drop();
  });

  const ask = (key: string, path = '/crm/customers') => app.ask('GET', path, { headers: { 'x-api-key': key } });

  it('makes a key that works at once, with exactly its rights, and is refused once it is revoked', async () => {
    const args = ['--name', 'Billing export', '--permission', 'VIEW_CUSTOMER', '--expires', '2099-12-31'];
    const said = await cliProcess(place, ['api-key', 'create', ...args]);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    const key = told(said, 'Key');
    expect((await ask(key)).status).toBe(200);
    expectProblem(await ask(key, '/crm/users'), 403);
    const [id] = /\d+/.exec(said.stdout) ?? [];

    const { stdout } = await cliProcess(place, ['api-key', 'list', '--search', 'billing']);
    expect(stdout).toMatch(
      new RegExp(`^${id} +Billing export +\\S+\\.\\.\\.${key.slice(-4)} +active +2099-12-31T23`, 'm'),
    );
    expect(stdout).not.toContain(key);

    expect(await cliProcess(place, ['api-key', 'revoke', String(id)])).toMatchObject({ status: 0, stderr: '' });
    expect(
      (
        await eventually(
          () => ask(key),
          ({ status }) => status === 401,
        )
      ).status,
    ).toBe(401);
    expect(await cliProcess(place, ['api-key', 'revoke', String(id)])).toEqual({
      status: 1,
      stdout: '',
      stderr: `There is no API key ${id}.\n`,
    });
    const actors = [...(await recordsOf(app, 'api_key.created')), ...(await recordsOf(app, 'api_key.revoked'))];
    expect(actors).toMatchObject([{ actorName: 'command line' }, { actorName: 'command line' }]);
  });
});

describe('api-key rotate and revoke', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(() => place.drop());

  const create = async (name: string) =>
    told(await cli(place, ['api-key', 'create', '--name', name, '--permission', 'admin']), 'Key');
  /** What the server says to each of these keys. */
  const statuses = async (...keys: string[]): Promise<number[]> => {
    const app = await TestApp.start({ database: place, clock: new TestClock(Date.now()) });
    const asked = await Promise.all(
      keys.map((key) => app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })),
    );
    await app.close();
    return asked.map(({ status }) => status);
  };

  it('prints the new value once; the old one is dead, or works for as long as was asked', async () => {
    const [plain, graced, kept] = [await create('Plain'), await create('Graced'), await create('Kept')];
    const rotate = (...args: string[]) => cli(place, ['api-key', 'rotate', ...args]);
    const dead = await rotate('1');
    expect(dead).toMatchObject({ status: 0, stderr: '' });
    expect(dead.stdout).toMatch(
      /^API key 1 has a new value: Plain\.\nKey: \S+ \(shown only now.*\n.*not work any more\.$/m,
    );
    const long = await rotate('2', '--grace', '86400');
    expect(long.stdout).toMatch(/^The old value works until \S+Z\.$/m);
    const after = await rotate('3', '--retire-after-first-use', '3600', '--deadline', tomorrow());
    expect(after.stdout).toContain(
      `3600 seconds after the first use of the new one, and no later than ${tomorrow()}T23`,
    );
    const fresh = [dead, long, after].map((said) => told(said, 'Key'));
    expect(fresh.every((key) => looksGenerated(key) && hasValidChecksum(key))).toBe(true);
    expect(await statuses(plain, graced, kept, ...fresh)).toEqual([401, 200, 200, 200, 200, 200]);
    const records = await rowsOf(place, `SELECT actor_name FROM audit_logs WHERE event = 'api_key.regenerated'`);
    expect(records).toEqual(Array.from({ length: 3 }, () => ({ actor_name: 'command line' })));
  });

  it('refuses what the API refuses, in its words, and changes nothing', async () => {
    const key = await create('As it was');
    for (const [args, sentence] of [
      [['99'], 'There is no API key 99.'],
      [['1', '--grace', '60', '--retire-after-first-use', '60'], /^retire_seconds_after_first_use give this or grace/],
      [['1', '--grace', '99999999'], /^grace_period_seconds must be a whole number from 0/],
      [['1', '--deadline', tomorrow()], /^deadline goes with retire_seconds_after_first_use/],
      [['1', '--retire-after-first-use', '60', '--deadline', 'soon'], /^deadline must be a date/],
    ] as const) {
      const said = await cli(place, ['api-key', 'rotate', ...args]);
      expect(said).toMatchObject({ status: 1, stdout: '' });
      expect(said.stderr.trim()).toMatch(sentence);
    }
    expect(await statuses(key)).toEqual([200]);
  });

  it('revoking names the keys that it made and that still work', async () => {
    const key = await create('Parent');
    const app = await TestApp.start({ database: place });
    const body = { name: 'Child', permissions: ['view_customer'] };
    const made = await app.ask('POST', '/crm/api-keys', { headers: { 'x-api-key': key }, body });
    await app.close();
    const said = await cli(place, ['api-key', 'revoke', '1']);
    const { api_key_id: id } = made.body as { api_key_id: number };
    expect(said).toMatchObject({
      status: 0,
      stdout: `API key 1 is revoked.\nKeys that it made still work: ${id}. "api-key revoke" ends them.\n`,
    });
  });
});

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
}

describe('api-key on a database that nobody serves', () => {
  let place: TestDatabase;

  beforeAll(async () => {
    place = await testDatabase();
  });
  afterAll(() => place.drop());

  it('lists more keys than one page holds', async () => {
    await cli(place, ['api-key', 'create', '--name', 'Many 1', '--permission', 'view_service']);
    const [first] = await rowsOf(place, 'SELECT * FROM api_keys');
    const columns = Object.keys(first ?? {}).filter((name) => !['api_key_id', 'digest'].includes(name));
    const copies = Array.from({ length: 102 }, () => `SELECT ${columns.join()} FROM api_keys WHERE api_key_id = 1`);
    await execute(place, `INSERT INTO api_keys (${columns.join()}) ${copies.join(' UNION ALL ')}`);
    const { stdout } = await cli(place, ['api-key', 'list', '--search', 'many']);
    expect(stdout.match(/^\d+ +Many 1 /gm)).toHaveLength(103);
    const expired = await cli(place, ['api-key', 'list', '--status', 'expired']);
    expect(expired).toMatchObject({ status: 0, stdout: 'There are no such keys.\n' });
  });

  it.each([
    ['no rights', ['--name', 'x'], /^permissions name at least one permission or role/],
    ['an unknown permission', ['--name', 'x', '--permission', 'fly'], /^permissions\/0 there is no permission fly/],
    ['an unknown role', ['--name', 'x', '--role', 'Pilot'], /^roles\/0 there is no role Pilot/],
    ['a past expiry', ['--name', 'x', '--role', 'Support', '--expires', '2020-01-01'], /^expiry_date lies in the past/],
    ['an unreadable expiry', ['--name', 'x', '--role', 'Support', '--expires', 'soon'], /^expiry_date must be a date/],
    [
      'a customer that is not there',
      ['--name', 'x', '--role', 'Customer', '--customer', '999'],
      /^customer_ids\/0 there/,
    ],
  ])('refuses a key with %s and makes none', async (_what, args, sentence) => {
    const count = () => rowsOf(place, 'SELECT COUNT(*) AS number FROM api_keys');
    const before = await count();
    const said = await cli(place, ['api-key', 'create', ...args]);
    expect(said).toMatchObject({ status: 1, stdout: '' });
    expect(said.stderr).toMatch(sentence);
    expect(await count()).toEqual(before);
  });
});
