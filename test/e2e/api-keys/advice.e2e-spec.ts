import { LastUseService } from '../../../src/audit/last-use.service.js';
import { DAY } from '../../../src/common/clock.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type KeyHolder } from '../../support/principals.js';

describe('advice on keys', () => {
  let app: TestApp;
  beforeEach(async () => (app = await TestApp.start()));
  afterEach(() => app.close());

  const get = async (path: string) => app.ask('GET', `/crm/api-keys/${path}`, { headers: await asAdmin(app) });
  const codes = async ({ apiKeyId }: KeyHolder) =>
    (await get(`${apiKeyId}/advice`)).body.advice.map(({ code }: { code: string }) => code);
  const use = async ({ headers }: KeyHolder, method = 'GET', path = '/crm/customers', body?: object) => {
    await app.ask(method, path, { headers, body });
    await app.flushAccessLog();
    await app.get(LastUseService).flush();
  };
  const soon = () => ({ expiry_date: new Date(app.clock.millis() + 300 * DAY).toISOString() });

  const ONE = { method: 'GET', path: '/crm/api-keys/1/advice' };
  const ALL = { method: 'GET', path: '/crm/api-keys/advice' };
  itNeedsAuthentication(() => app, [ONE, ALL]);
  itNeedsPermission(() => app, 'manage_api_keys', [ONE]);
  itNeedsPermission(() => app, 'manage_api_keys', [ALL]);

  it('200 with the permissions that were granted and not used in 90 days', async () => {
    const key = await asApiKey(app, ['view_customer', 'create_customer', 'delete_customer'], soon());
    await use(key);
    // Let in, and then found wrong: it needs the permission all the same. A refused request uses none.
    await use(key, 'POST', '/crm/customers', {});
    await use(key, 'GET', '/crm/users');
    app.clock.advance(89 * DAY);
    await use(key);
    expect((await get(`${key.apiKeyId}/advice`)).body).toEqual({
      api_key_id: key.apiKeyId,
      name: expect.any(String),
      advice: [],
    });
    app.clock.advance(DAY);
    const { advice } = (await get(`${key.apiKeyId}/advice`)).body;
    expect(advice).toMatchObject([{ code: 'unused_permissions', permissions: ['delete_customer'] }]);
    app.clock.advance(2 * DAY);
    const later = (await get(`${key.apiKeyId}/advice`)).body.advice;
    expect(later[0].permissions).toEqual(['create_customer', 'delete_customer']);
  });

  it('200 naming the own form of a right where that is what was used', async () => {
    const key = await asApiKey(app, ['view_own_customer', 'update_own_customer'], soon());
    app.clock.advance(90 * DAY);
    await use(key);
    const { advice } = (await get(`${key.apiKeyId}/advice`)).body;
    expect(advice).toMatchObject([{ code: 'unused_permissions', permissions: ['update_own_customer'] }]);
  });

  it('200 for keys that are never used, never expire, are admin keys, with what would have been enough', async () => {
    const fresh = await asApiKey(app, ['view_customer']);
    expect(await codes(fresh)).toEqual(['never_used', 'never_expires']);
    const admin = await asApiKey(app, ['admin'], soon());
    await use(admin);
    app.clock.advance(2 * 60_000);
    await use(admin, 'GET', '/crm/users');
    const { advice } = (await get(`${admin.apiKeyId}/advice`)).body;
    expect(advice[0]).toMatchObject({ code: 'admin', permissions: ['view_customer', 'view_user'] });
  });

  it('200 for a key whose creator is deactivated, or revoked', async () => {
    const creator = await asUser(app, ['Admin']);
    const body = { name: 'Left behind', permissions: ['view_customer'], ...soon() };
    const made = await app.ask('POST', '/crm/api-keys', { headers: creator.headers, body });
    const parent = await asApiKey(app, ['manage_api_keys', 'view_customer'], soon());
    const child = await app.ask('POST', '/crm/api-keys', { headers: parent.headers, body });
    const [ofUser, ofKey] = [made, child].map((answer) => answer.body.api_key_id as number);
    const has = async (id: number | undefined) =>
      (await get(`${id}/advice`)).body.advice.some(({ code }: { code: string }) => code === 'creator_gone');
    expect([await has(ofUser), await has(ofKey)]).toEqual([false, false]);
    const headers = await asAdmin(app);
    await app.ask('PATCH', `/crm/users/${creator.userId}`, { headers, body: { status: 'deactivated' } });
    await app.ask('DELETE', `/crm/api-keys/${parent.apiKeyId}`, { headers });
    expect([await has(ofUser), await has(ofKey)]).toEqual([true, true]);
  });

  it('200 as one list of keys that work, page by page, narrowed to one kind of advice', async () => {
    const keys: KeyHolder[] = [];
    for (let index = 0; index < 7; index += 1) {
      keys.push(await asApiKey(app, ['view_customer'], index % 2 === 0 ? {} : soon()));
    }
    const revoked = keys[6];
    await app.ask('DELETE', `/crm/api-keys/${revoked?.apiKeyId}`, { headers: await asAdmin(app) });
    const listed = async (query: string) => {
      const found: number[] = [];
      for (let cursor = ''; ;) {
        const { data, page } = (await get(`advice?limit=2${query}${cursor}`)).body;
        expect(data.length).toBeLessThanOrEqual(2);
        found.push(...data.map(({ api_key_id: id }: { api_key_id: number }) => id));
        if (page.next_cursor === null) return found;
        cursor = `&cursor=${page.next_cursor}`;
      }
    };
    const ids = keys.map(({ apiKeyId }) => apiKeyId);
    expect(await listed('')).toEqual(ids.slice(0, 6));
    expect(await listed('&code=never_expires')).toEqual([ids[0], ids[2], ids[4]]);
    const one = (await get('advice?code=never_expires&limit=1')).body.data[0];
    expect(one.advice.map(({ code }: { code: string }) => code)).toEqual(['never_expires']);
    expect(await codes(revoked as KeyHolder)).toEqual([]);
  });

  it('400 naming the parameter, 404 for a key that there is not', async () => {
    for (const query of ['code=sloppy', 'cursor=abc', 'count=true', 'sort=name']) {
      expectProblem(await get(`advice?${query}`), 400);
    }
    expectProblem(await get('999/advice'), 404, 'api_keys.not_found');
  });
});
