import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey } from '../../support/principals.js';

const OLD = 'a pepper of the first version; long enough';
const NEW = 'a pepper of the second version; long enough';

describe('api_key_policy', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  afterEach(() => app.reconfigure(NO_LIMITS));

  const set = (policy: string) => app.reconfigure(`${NO_LIMITS}api_key_policy: ${policy}\n`);
  const create = async (expiry_date?: string | null) => {
    const body = { name: 'x', permissions: ['view_customer'], expiry_date };
    return app.ask('POST', '/crm/api-keys', { headers: await asAdmin(app), body });
  };

  it('422 for a key that would live longer than max_lifetime_days, or for ever', async () => {
    await set('{ max_lifetime_days: 30 }');
    expect((await create('2030-03-31T12:00:00Z')).status).toBe(201);
    for (const expiry of ['2030-03-31T12:00:01Z', '2099-01-01', null, undefined]) {
      const problem = expectProblem(await create(expiry), 422, 'api_keys.lifetime_too_long');
      expect(problem.detail).toContain('2030-03-31T12:00:00.000Z');
    }
  });

  it('422 for an edit beyond it, 200 for an edit of something else', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer']);
    await set('{ max_lifetime_days: 30 }');
    const patch = async (body: object) =>
      app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, { headers: await asAdmin(app), body });
    expectProblem(await patch({ expiry_date: '2031-01-01' }), 422);
    expectProblem(await patch({ expiry_date: null }), 422);
    expect((await patch({ name: 'renamed' })).status).toBe(200);
  });

  it('201 with the new prefix once it changed, and 200 for keys of the old one', async () => {
    const old = await asApiKey(app, ['view_customer']);
    await set('{ prefix: crm_prod_ }');
    const fresh = await create();
    expect(fresh.body.api_key).toMatch(/^crm_prod_[0-9A-Za-z]{49}$/);
    for (const key of [old.key, fresh.body.api_key as string]) {
      expect((await app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })).status).toBe(200);
    }
  });

  it('200 with expiring_soon as the policy counts it', async () => {
    const status = async () => (await create('2030-03-11T12:00:00Z')).body.status as string;
    expect(await status()).toBe('expiring_soon');
    await set('{ expiring_soon_days: 5 }');
    expect(await status()).toBe('active');
  });
});

describe('the pepper', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(() => place.drop());

  const start = (pepper: string) => TestApp.start({ database: place, environment: { CRM_SECRET_PEPPER: pepper } });
  const statusOf = async (app: TestApp, key: string) =>
    (await app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })).status;

  it('200 for keys of an older version, while new ones are made under the newer', async () => {
    let app = await start(OLD);
    const old = await asApiKey(app, ['view_customer']);
    await app.close();
    app = await start(`2:${NEW},1:${OLD}`);
    const fresh = await asApiKey(app, ['view_customer']);
    const versions = (await app.get(Database).repository(ApiKey).find()).map(({ pepperVersion }) => pepperVersion);
    expect(versions).toEqual([1, 2]);
    expect([await statusOf(app, old.key), await statusOf(app, fresh.key)]).toEqual([200, 200]);
    await app.close();
  });

  it('is missed at the start when keys need it, in one sentence', async () => {
    const app = await start(OLD);
    await asApiKey(app, ['view_customer']);
    await app.close();
    const said = start(`2:${NEW}`).then(
      (started) => started.close().then(() => 'it started'),
      (error: Error) => error.message,
    );
    expect(await said).toMatch(
      /^there are API keys made under pepper version 1, which this server does not have: set CRM_SECRET_PEPPER/,
    );
  });

  it('is not missed for keys that were revoked or have expired', async () => {
    const app = await start(OLD);
    const { apiKeyId } = await asApiKey(app, ['view_customer']);
    await app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: await asAdmin(app) });
    await app.close();
    await (await start(`2:${NEW}`)).close();
  });

  it('200 after a restart with the one that was generated into the data folder', async () => {
    let app = await TestApp.start({ database: place });
    const { key } = await asApiKey(app, ['view_customer']);
    await app.close();
    app = await TestApp.start({ database: place });
    expect(await statusOf(app, key)).toBe(200);
    await app.close();
  });
});
