import { DAY } from '../../../src/common/clock.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

/** Printable, long enough, and nobody's. */
const CONFIG_KEY = `of-the-configuration-file-${'x1y2z3'.repeat(3)}`;

describe('API keys: counts, presets, own key, leaks', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    const keys = `api_keys: { ${CONFIG_KEY}: { roles: [view_customer], description: Of the file } }\n`;
    app = await TestApp.start({ config: NO_LIMITS + keys });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const get = async (path: string, headers = admin) => app.ask('GET', path, { headers });
  const expiring = (days: number) => ({ expiry_date: app.clock.instant(days * DAY) });

  it('200 counting keys as the page counts them', async () => {
    const before = (await get('/crm/api-keys/stats')).body;
    const used = await asApiKey(app, ['view_customer'], expiring(20));
    await asApiKey(app, ['view_customer'], expiring(100));
    const gone = await asApiKey(app, ['view_customer']);
    await app.ask('DELETE', `/crm/api-keys/${gone.apiKeyId}`, { headers: admin });
    expect((await get('/crm/api-keys/stats')).body).toEqual({
      total: before.total + 2,
      active: before.active + 2,
      expiring_soon: before.expiring_soon + 1,
      expired: before.expired,
      revoked: before.revoked + 1,
      never_expiring: before.never_expiring,
      never_used: before.never_used + 2,
    });
    const answer = await get('/crm/customers', used.headers);
    expect(answer.headers['x-api-key-expires']).toBe(app.clock.instant(20 * DAY));
  });

  it('200 without a notice for a key that has long to live, 200 with one for an old value', async () => {
    const calm = await asApiKey(app, ['view_customer'], expiring(31));
    expect((await get('/crm/customers', calm.headers)).headers).not.toHaveProperty('x-api-key-expires');
    const body = { grace_period_seconds: 60 };
    await app.ask('POST', `/crm/api-keys/${calm.apiKeyId}/regenerate`, { headers: admin, body });
    const answer = await get('/crm/customers', calm.headers);
    expect(answer.headers['x-api-key-replaced']).toBe(app.clock.instant(60_000));
  });

  it('200 with presets that can be created as they are', async () => {
    const presets = (await get('/crm/api-keys/presets')).body.data as { name: string; permissions: string[] }[];
    expect(presets.map((preset) => preset.name)).toEqual([
      'Provisioning server',
      'Billing export',
      'Monitoring',
      'Customer portal',
    ]);
    for (const { name, permissions } of presets) {
      const answer = await app.ask('POST', '/crm/api-keys', { headers: admin, body: { name, permissions } });
      expect(answer.status).toBe(201);
    }
  });

  it('200 a key sees itself, masked, and 204 it ends itself', async () => {
    const { headers, apiKeyId, key } = await asApiKey(app, ['view_customer']);
    const answer = await get('/crm/api-keys/self', headers);
    expect(answer.body).toMatchObject({ api_key_id: apiKeyId, effective_permissions: ['view_customer'] });
    expect(answer.text).not.toContain(key.slice(8, -4));
    expect((await app.ask('DELETE', '/crm/api-keys/self', { headers })).status).toBe(204);
    expect((await get('/crm/api-keys/self', headers)).status).toBe(401);
  });

  it('403 for a user: only a key has a page of its own; 409 for a protected key or one of the file', async () => {
    expectProblem(await get('/crm/api-keys/self'), 403, 'rbac.wrong_principal');
    const { headers } = await asApiKey(app, ['view_customer'], { protected: true });
    expectProblem(await app.ask('DELETE', '/crm/api-keys/self', { headers }), 409, 'api_keys.protected');
    const fromFile = { 'x-api-key': CONFIG_KEY };
    expectProblem(await app.ask('DELETE', '/crm/api-keys/self', { headers: fromFile }), 409, 'api_keys.from_config');
  });

  it('200 revoking leaked keys that are ours, by either value, and saying so of no other', async () => {
    const plain = await asApiKey(app, ['view_customer']);
    const held = await asApiKey(app, ['view_customer'], { protected: true });
    const rotated = await asApiKey(app, ['view_customer']);
    const body = { grace_period_seconds: 60 };
    await app.ask('POST', `/crm/api-keys/${rotated.apiKeyId}/regenerate`, { headers: admin, body });
    const mistyped = plain.key.slice(0, -1) + (plain.key.endsWith('A') ? 'B' : 'A');
    const tokens = [mistyped, plain.key, held.key, rotated.key, CONFIG_KEY, 'something else'];
    const answer = await app.ask('POST', '/crm/api-keys/leaked', { headers: admin, body: { tokens } });
    expect(answer.body.results).toEqual([
      { index: 0, known: false, revoked: false, child_api_key_ids: [] },
      { index: 1, known: true, revoked: true, child_api_key_ids: [] },
      { index: 2, known: true, revoked: false, child_api_key_ids: [] },
      { index: 3, known: true, revoked: true, child_api_key_ids: [] },
      { index: 4, known: true, revoked: false, child_api_key_ids: [] },
      { index: 5, known: false, revoked: false, child_api_key_ids: [] },
    ]);
    expect((await get('/crm/customers', plain.headers)).status).toBe(401);
    expect((await get('/crm/customers', rotated.headers)).status).toBe(401);
    expect((await get('/crm/customers', held.headers)).status).toBe(200);
    const events = (await get('/crm/audit-logs?event=api_key.leaked')).body.data;
    expect(events).toHaveLength(4);
    const spelled = { tokens: [held.key, ` ${held.key}`, `${held.key}  `] };
    await app.ask('POST', '/crm/api-keys/leaked', { headers: admin, body: spelled });
    expect((await get('/crm/audit-logs?event=api_key.leaked')).body.data).toHaveLength(5);
  });

  it('400 for an empty leak report, 200 for a long one', async () => {
    const report = (tokens: string[]) => app.ask('POST', '/crm/api-keys/leaked', { headers: admin, body: { tokens } });
    expect(pointers(await report([]))).toEqual(['/tokens']);
    const answer = await report(Array.from({ length: 10_000 }, (_, index) => `token ${index}`));
    expect(answer.body.results).toHaveLength(10_000);
  });
});
