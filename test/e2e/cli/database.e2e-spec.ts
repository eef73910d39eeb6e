import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { migrations } from '../../../src/platform/database/migrations/index.js';
import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { cli, cliProcess } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin } from '../../support/principals.js';
import { execute, rowsOf } from '../../support/rows.js';
import { eventually } from '../../support/server-process.js';

const NAMES = migrations.map((migration) => migration.name);

describe('db', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(() => place.drop());

  it('status tells what waits and changes nothing; migrate does it once', async () => {
    const before = await cli(place, ['db', 'status']);
    expect(before).toMatchObject({ status: 1, stderr: `${NAMES.length} migrations are waiting: run "db migrate".\n` });
    expect(before.stdout).toMatch(/there is no database yet/);
    expect(before.stdout.match(/ {2}waiting {2}/g)).toHaveLength(NAMES.length);
    expect(existsSync(join(place.dataDir, 'omnicrm.sqlite'))).toBe(false);

    const first = await cli(place, ['db', 'migrate']);
    expect(first).toMatchObject({ status: 0, stderr: '' });
    for (const name of NAMES) expect(first.stdout).toContain(name);
    expect(await cli(place, ['db', 'migrate'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Nothing to do/),
    });
    const after = await cli(place, ['db', 'status']);
    expect(after).toMatchObject({ status: 0, stderr: '' });
    expect(after.stdout.match(/ {2}done {5}/g)).toHaveLength(NAMES.length);
    if (place.url !== null) expect(after.stdout).not.toContain(new URL(place.url).password);
  });

  it('refuses a database of a newer schema, and leaves it alone', async () => {
    await cli(place, ['db', 'migrate']);
    await execute(place, `INSERT INTO migrations (timestamp, name) VALUES (1999999999999, 'Tomorrow1999999999999')`);
    for (const args of [['db', 'migrate'], ['api-key', 'list'], ['demo']]) {
      const said = await cli(place, args);
      expect(said).toMatchObject({ status: 1, stdout: '' });
      expect(said.stderr).toMatch(/newer schema.*Tomorrow1999999999999/);
    }
    const said = await cli(place, ['db', 'status']);
    expect(said).toMatchObject({ status: 1, stdout: expect.stringContaining('  unknown  Tomorrow1999999999999') });
    expect(await rowsOf(place, 'SELECT * FROM users')).toEqual([]);
  });
});

describe('jwt-keys rotate beside a running server', () => {
  let place: TestDatabase;
  let app: TestApp;

  beforeEach(async () => {
    place = await testDatabase();
    app = await TestApp.start({ database: place });
  });
  afterEach(async () => {
    await app.close();
    await place.drop();
  });

  it('signs with the new key within seconds, signs nobody out, and is recorded', async () => {
    const headers = await asAdmin(app);
    const kids = async () => {
      const { keys } = (await app.ask('GET', '/crm/.well-known/jwks.json')).body as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid);
    };
    const [old] = await kids();
    const said = await cliProcess(place, ['jwt-keys', 'rotate']);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    const after = await eventually(kids, (list) => list.length === 2);
    expect(after).toEqual([expect.any(String), old]);
    expect(said.stdout).toContain(after[0]);
    expect((await app.ask('GET', '/crm/auth/whoami', { headers })).status).toBe(200);
    const [token] = (await asAdmin(app)).authorization?.split(' ')[1]?.split('.') ?? [];
    expect(JSON.parse(Buffer.from(token ?? '', 'base64url').toString())).toMatchObject({ kid: after[0] });
    expect(await recordsOf(app, 'signing_key.rotated')).toMatchObject([
      { actorName: 'command line', after: { kid: after[0] } },
    ]);
  });
});
