import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const SOURCE = readFileSync(join(__dirname, '../../fixtures/source/crm_config.yaml'), 'utf8');
const PROVISIONING = 'your-secure-api-key-here-minimum-32-chars';
const UNKNOWN = generateKey('crm_');
const MONITORING = 'another-api-key-for-monitoring-system';

describe('keys of crm_config.yaml', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: SOURCE + NO_LIMITS });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());
  afterEach(() => app.reconfigure(SOURCE + NO_LIMITS));

  const whoami = (key: string) => app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': key } });
  const list = async (query: string) =>
    (await app.ask('GET', `/crm/api-keys?${query}`, { headers: admin })).body.data as Record<string, unknown>[];
  const events = async (id: unknown) => {
    const answer = await app.ask('GET', `/crm/audit-logs?subject_type=api_key&subject_id=${String(id)}`, {
      headers: admin,
    });
    return answer.body.data as { event: string; actor: object; before: object; after: object }[];
  };
  const file = (...entries: string[]) => `${NO_LIMITS}api_keys:\n${entries.map((entry) => `  ${entry}\n`).join('')}`;

  it('200 for both keys of the source, each with exactly its roles', async () => {
    expect((await whoami(PROVISIONING)).body).toMatchObject({
      kind: 'api_key',
      roles: ['Admin'],
      permissions: ['admin'],
    });
    const monitoring = await whoami(MONITORING);
    expect(monitoring.body).toMatchObject({ name: 'Monitoring and alerting', roles: [] });
    expect(monitoring.body.permissions).toEqual(['view_customer', 'view_service']);
    const ask = (method: string, path: string) => app.ask(method, path, { headers: { 'x-api-key': MONITORING } });
    expect((await ask('GET', '/crm/customers')).status).toBe(200);
    expect((await ask('GET', '/crm/users')).status).toBe(403);
    expect((await ask('DELETE', '/crm/customers/1')).status).toBe(403);
    const bearer = { headers: { authorization: `Bearer ${PROVISIONING}` } };
    expect((await app.ask('GET', '/crm/users', bearer)).status).toBe(200);
  });

  it('200 in the list beside the others: an integer id, their description as name, nobody as creator, masked', async () => {
    const keys = await list('source=config');
    expect(keys).toHaveLength(2);
    expect(keys.map(({ api_key_id: id }) => Number.isInteger(id))).toEqual([true, true]);
    expect(keys).toMatchObject([
      {
        name: 'Provisioning automation system',
        api_key: '...hars',
        created_by: null,
        source: 'config',
        roles: ['Admin'],
      },
      {
        name: 'Monitoring and alerting',
        api_key: '...stem',
        created_by: null,
        permissions: ['view_customer', 'view_service'],
      },
    ]);
    const text = JSON.stringify(await app.get(Database).repository(ApiKey).find());
    expect(text).not.toMatch(new RegExp(`${PROVISIONING.slice(0, -4)}|${MONITORING.slice(0, -4)}`));
  });

  it('409 for changing one by the API: change the file', async () => {
    const [key] = await list('source=config');
    const path = `/crm/api-keys/${String(key?.api_key_id)}`;
    const patch = await app.ask('PATCH', path, { headers: admin, body: { name: 'x' } });
    expect(expectProblem(patch, 409, 'api_keys.from_config').detail).toContain('change the file');
    expectProblem(await app.ask('DELETE', path, { headers: admin }), 409, 'api_keys.from_config');
    expect((await whoami(PROVISIONING)).status).toBe(200);
  });

  it('401 on the next request after it left the file, and the row is revoked; recorded', async () => {
    const [key] = await list('source=config&search=provisioning');
    expect((await whoami(PROVISIONING)).status).toBe(200);
    await app.reconfigure(file(`${MONITORING}: { roles: [view_customer, view_service], description: Monitoring }`));
    expectProblem(await whoami(PROVISIONING), 401, 'auth.invalid_credentials');
    expect((await whoami(MONITORING)).status).toBe(200);
    expect(await list('source=config&status=revoked')).toMatchObject([{ api_key_id: key?.api_key_id }]);
    const [record] = await events(key?.api_key_id);
    expect(record).toMatchObject({ event: 'api_key.revoked', actor: { kind: 'system', name: 'configuration file' } });
  });

  it('200 on the next request after it came into the file', async () => {
    const key = generateKey('crm_');
    expect((await whoami(key)).status).toBe(401);
    await app.reconfigure(file(`${key}: { roles: [finance, view_product], description: New }`));
    const { body } = await whoami(key);
    expect(body).toMatchObject({ name: 'New', roles: ['Finance'] });
    expect(body.permissions).toEqual(expect.arrayContaining(['view_product', 'view_invoice']));
    expect((await list('source=config'))[0]).toMatchObject({ api_key: `crm_...${key.slice(-4)}` });
  });

  it('200 with other rights on the next request after the file says so; recorded, and the same key', async () => {
    const [before] = await list('source=config&search=monitoring');
    await app.reconfigure(file(`${MONITORING}: { roles: [view_product], description: Monitoring and alerting }`));
    expect((await whoami(MONITORING)).body.permissions).toEqual(['view_product']);
    const [after] = await list('source=config');
    expect(after?.api_key_id).toBe(before?.api_key_id);
    const [record] = await events(before?.api_key_id);
    expect(record).toMatchObject({
      event: 'api_key.updated',
      before: { permissions: ['view_customer', 'view_service'] },
      after: { permissions: ['view_product'] },
    });
  });

  it('200 and no record when the file is read again without a change', async () => {
    const [key] = await list('source=config');
    const before = await events(key?.api_key_id);
    await app.reconfigure(`${SOURCE}${NO_LIMITS}# a comment\n`);
    // Not their seals, which come by themselves.
    const told = (records: typeof before) => records.map(({ event, before, after }) => [event, before, after]);
    expect(told(await events(key?.api_key_id))).toEqual(told(before));
  });

  it.each([
    ['is no YAML', 'api_keys: [\n'],
    ['is empty', ''],
    ['has an unknown role', file(`${UNKNOWN}: { roles: [nobody], description: x }`)],
    ['has a short key', file('short: { roles: [admin], description: x }')],
  ])('200 for the keys of before when the file %s', async (_what, text) => {
    await app.reconfigure(text);
    expect((await whoami(PROVISIONING)).status).toBe(200);
    expect((await whoami(UNKNOWN)).status).toBe(401);
    expect(await list('source=config')).toHaveLength(2);
  });

  it('401 for a key of the database that was copied into the file and revoked there', async () => {
    const { key, apiKeyId } = await asApiKey(app, ['view_customer']);
    await app.reconfigure(file(`${key}: { roles: [admin], description: copied }`));
    expect((await whoami(key)).body.permissions).toEqual(['view_customer']);
    await app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: admin });
    expect((await whoami(key)).status).toBe(401);
  });

  it('stop the start when a role is unknown, naming its path and line, and not the key', async () => {
    const secret = generateKey('crm_');
    const config = `http: {}\napi_keys:\n  ${secret}:\n    roles: [admin, view_moon]\n    description: x\n`;
    const refused = await TestApp.start({ config }).then(
      (started) => started.close().then(() => 'it started'),
      (error: Error) => error.message,
    );
    expect(refused).toMatch(/api_keys\[0\]\.roles/);
    expect(refused).toMatch(/^crm_config\.yaml:3 /);
    expect(refused).toContain('view_moon');
    expect(refused).not.toContain(secret);
  });
});
