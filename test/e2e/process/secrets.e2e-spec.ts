import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entities } from '../../../src/entities.js';
import { dataSourceOptions } from '../../../src/platform/database/data-source.js';
import { DataSource } from 'typeorm';
import { cliProcess, told } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { ServerProcess } from '../../support/server-process.js';

const CONFIG_KEY = 'a-key-of-the-file-0123456789-abcdefghij';
const EMAIL = 'maria@example.com';
/** What these three hold is what they are for; only their owner reads them. */
const BY_DESIGN = ['pepper', 'jwt-keys.json', 'settings'];

describe('secrets', () => {
  let place: TestDatabase;
  let server: ServerProcess;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  const ask = async (
    method: string,
    path: string,
    options: { headers?: Record<string, string>; body?: object } = {},
  ) => {
    const { headers = {}, body } = options;
    const json = body ? { 'content-type': 'application/json' } : {};
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers: { ...json, ...headers },
      body: body && JSON.stringify(body),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, string> };
  };

  /** Everything that the database holds, as bytes of its files, or of the rows that a dump would write. */
  const everythingStored = async (): Promise<string> => {
    const files = readdirSync(place.dataDir).filter((name) => !BY_DESIGN.includes(name));
    const bytes = files.map((name) => readFileSync(join(place.dataDir, name), 'latin1')).join('\n');
    if (place.url === null) return bytes;
    const source = new DataSource(dataSourceOptions({ databaseUrl: place.url, dataDir: place.dataDir }, entities));
    await source.initialize();
    const tables = source.entityMetadatas.map((metadata) => metadata.tableName);
    await source.destroy();
    const rows = await Promise.all(tables.map((table) => rowsOf(place, `SELECT * FROM ${table}`)));
    return bytes + JSON.stringify(rows);
  };

  it('stand in clear neither in the database nor in the log nor in any output, whatever was done with them', async () => {
    const settings = join(place.dataDir, 'settings');
    mkdirSync(settings);
    const file = join(settings, 'crm_config.yaml');
    writeFileSync(file, `api_keys:\n  ${CONFIG_KEY}: { roles: [Support] }\n`);
    const made = await cliProcess(place, ['admin', 'create', '--email', EMAIL]);
    const password = told(made, 'Password');
    server = await ServerProcess.start(place, { environment: { CRM_CONFIG_FILE: file, CRM_LOG_LEVEL: 'trace' } });
    const secrets: Record<string, string> = { password, configKey: CONFIG_KEY, guess: 'a guess that is wrong' };
    const keep = (name: string, value: string | undefined): string => (secrets[name] = String(value));

    const login = await ask('POST', '/crm/auth/login', { body: { email: EMAIL, password } });
    const token = keep('token', login.body.token);
    const refresh = keep('refresh', login.body.refresh_token);
    const bearer = { authorization: `Bearer ${token}` };
    const grant = { name: 'Key', permissions: ['view_customer'] };
    const created = await ask('POST', '/crm/api-keys', {
      headers: { ...bearer, 'idempotency-key': 'once' },
      body: grant,
    });
    const key = keep('key', created.body.api_key);
    expect((await ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })).status).toBe(200);
    expect((await ask('GET', '/crm/customers', { headers: { 'x-api-key': CONFIG_KEY } })).status).toBe(200);
    const renewed = await ask('POST', '/crm/auth/refresh', { body: { refresh_token: refresh } });
    keep('renewedToken', renewed.body.token);
    keep('renewedRefresh', renewed.body.refresh_token);
    keep('newPassword', 'the password of a new user');
    const user = { email: 'new@example.com', name: 'New', password: secrets.newPassword, roles: ['Support'] };
    expect((await ask('POST', '/crm/users', { headers: bearer, body: user })).status).toBe(201);

    // What people do by mistake: secrets in the wrong field, in the URL, in a header that is logged.
    await ask('POST', '/crm/auth/login', { body: { email: `${password}@example.com`, password: secrets.guess } });
    await ask('POST', '/crm/auth/login', { body: { email: EMAIL, password: secrets.guess } });
    await ask('POST', '/crm/auth/login', { body: { email: EMAIL, password, [password]: password } });
    await ask('GET', `/crm/customers?api_key=${key}&token=${token}&password=${password}`, { headers: bearer });
    await ask('GET', `/crm/customers/${key}`, { headers: { ...bearer, 'user-agent': `curl ${key} ${token}` } });
    await ask('GET', `/${token}/${refresh}`, { headers: { 'x-request-id': key } });
    await ask('POST', '/crm/auth/refresh', { body: { refresh_token: refresh } });
    await ask('POST', '/crm/api-keys', { headers: bearer, body: { ...grant, api_key: key } });

    const reset = await cliProcess(place, ['admin', 'reset-password', '--email', EMAIL, '--token']);
    keep('resetPassword', told(reset, 'Password'));
    keep('resetToken', told(reset, 'Token'));
    const another = await cliProcess(place, ['api-key', 'create', '--name', 'Other', '--permission', 'view_customer']);
    keep('otherKey', told(another, 'Key'));
    const list = await cliProcess(place, ['api-key', 'list']);
    const check = await cliProcess(place, ['config', 'check', file]);
    expect([list.status, check.status]).toEqual([0, 0]);

    const whileRunning = await everythingStored();
    server.kill('SIGTERM');
    expect(await server.ended).toEqual({ code: 0, signal: null });
    const outputs = [list, check].map(({ stdout, stderr }) => stdout + stderr).join('\n');
    const places = { whileRunning, afterwards: await everythingStored(), log: server.stdout + server.stderr, outputs };
    expect(Object.values(secrets).filter((secret) => secret.length < 20)).toEqual([]);
    expect(places.whileRunning).toContain(EMAIL);
    const found = Object.entries(places).flatMap(([where, text]) =>
      Object.entries(secrets).flatMap(([name, secret]) => (text.includes(secret) ? [`${name} in ${where}`] : [])),
    );
    expect(found).toEqual([]);
  });
});
