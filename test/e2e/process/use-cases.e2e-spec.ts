import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { ServerProcess } from '../../support/server-process.js';

const PROGRAM = join(__dirname, '../../../docs/how-to/examples/api-key-use-cases.mjs');
const PASSWORD = 'an administrator of tests';

describe('docs/how-to/examples/api-key-use-cases.mjs', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  const start = (config: string) => {
    const file = join(place.dataDir, 'crm_config.yaml');
    writeFileSync(file, config);
    return ServerProcess.start(place, { environment: { CRM_CONFIG_FILE: file, CRM_ADMIN_PASSWORD: PASSWORD } });
  };
  /** In an empty folder and environment: it needs nothing but Node. */
  const play = (args: string[], input = '') => {
    const said = { cwd: place.dataDir, env: {}, input, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], said);
    return { status, stdout, stderr, last: stdout.trimEnd().split('\n').at(-1) };
  };
  const remains = async () => {
    const live = await rowsOf<{ name: string }>(place, 'SELECT name FROM api_keys WHERE revoked_at IS NULL');
    return [...live, ...(await rowsOf(place, 'SELECT customer_name AS name FROM customers'))];
  };

  it('plays every step against a fresh server with its default limits, and leaves nothing behind', async () => {
    const { url } = await start('{}');
    const run = play(['--url', `${url}/`, '--grace', '8'], `${PASSWORD}\n`);
    expect(run).toMatchObject({ status: 0, stderr: '', last: 'all steps passed' });
    const parts = run.stdout.split('\n').filter((line) => /^\S|^ {2}\d\./.test(line));
    expect(parts.map((line) => line.trim().slice(0, 10))).toEqual([
      'Before',
      ...['Use case 1', 'Use case 2', 'Use case 3', 'Use case 4'],
      ...['Key rotati', '1. A new v', '2. The pro', '3. Nobody ', '4. The old'],
      ...['Afterwards', 'all steps '],
    ]);
    for (const uses of ['value: 2', 'since the last look: 1', 'since the last look: 0']) {
      expect(run.stdout).toContain(uses);
    }
    expect(run.stdout).not.toMatch(/sk_live_[0-9A-Za-z]{9}/);
    expect(await remains()).toEqual([]);
    const names = await rowsOf<{ name: string }>(place, 'SELECT name FROM api_keys ORDER BY api_key_id');
    expect(names.map(({ name }) => name)).toEqual([
      'Ansible Provisioning Server',
      'Billing Sync - QuickBooks',
      'Monitoring - Grafana',
      'Customer Portal Backend',
    ]);
  });

  it('says what it expected of a server that answers otherwise, removes what it made, and fails', async () => {
    const { url } = await start('api_key_policy: { max_lifetime_days: 100 }\n');
    const run = play(['--url', url, '--password', PASSWORD]);
    expect(run).toMatchObject({ status: 1, stderr: expect.stringContaining('✗ "Ansible Provisioning Server"') });
    expect(run.stderr).toMatch(/expected: status 201\n +seen: .*"status":422,"code":"api_keys\.lifetime_too_long"/);
    expect(run.stdout).not.toContain('all steps passed');
    expect(run.stdout).toContain('is removed: 204');
    expect(await remains()).toEqual([]);
  });

  it('says in one sentence that the password is wrong, or that no server answers', async () => {
    const server = await start('{}');
    const { url } = server;
    expect(play(['--url', url], 'a wrong password\n')).toMatchObject({
      status: 1,
      stderr: 'The server refuses this e-mail and password (admin@example.com).\n',
    });
    server.kill('SIGTERM');
    await server.ended;
    expect(play(['--url', url, '--password', PASSWORD])).toMatchObject({
      status: 1,
      stderr: `No server answers at ${url}: ECONNREFUSED.\n`,
    });
  });

  it.each([[['--nope']], [['--grace', 'soon']], [['--url', 'localhost']]])('says how it is used for %j', (args) => {
    const run = play(args);
    expect(run.status).toBe(2);
    expect(run.stderr).toMatch(/^\S.+\n\nUsage: node /);
  });

  it('says with --help what it takes', () => {
    const run = play(['--help']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    for (const option of ['--url', '--email', '--password', '--grace']) expect(run.stdout).toContain(option);
  });
});
