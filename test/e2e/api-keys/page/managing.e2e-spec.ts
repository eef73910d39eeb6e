import { ApiKey } from '../../../../src/api-keys/api-key.entity.js';
import { DAY, HOUR, SECOND } from '../../../../src/common/clock.js';
import { Database } from '../../../../src/platform/database/database.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { expectProblem, pointers } from '../../../support/expect-problem.js';
import { asUser } from '../../../support/principals.js';

let page: ApiKeyPage;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
afterAll(() => page.close());

const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });

describe('Viewing Key Details', () => {
  it('“Full key name and description”: 200 with both to the last character', async () => {
    const said = { name: 'n'.repeat(100), description: 'd'.repeat(500) };
    const { apiKeyId } = await page.create(said);
    expect(await page.details(apiKeyId)).toMatchObject(said);
  });

  it('“Creation timestamp”: 200 with the moment of creation, in UTC with milliseconds', async () => {
    const moment = page.app.clock.instant();
    const { apiKeyId } = await page.create();
    page.app.clock.advance(SECOND);
    expect(await page.details(apiKeyId)).toMatchObject({ created: moment });
  });

  it('“Creator username”: 200 with the name of who made it, another for another', async () => {
    const people = [await asUser(page.app, ['Admin']), await asUser(page.app, ['Admin'])];
    const names = await Promise.all(people.map(async ({ headers }) => (await page.whoami(headers)).name));
    expect(new Set(names).size).toBe(2);
    for (const [index, { headers }] of people.entries()) {
      const { apiKeyId } = await page.create({}, headers);
      expect(await page.details(apiKeyId)).toMatchObject({ created_by: names[index] });
    }
  });

  it('“Associated permissions”: 200 with direct grants, roles, and what both come to', async () => {
    const { apiKeyId } = await page.create({ permissions: ['view_product'], roles: ['Customer'] });
    const details = await page.details(apiKeyId);
    expect(details).toMatchObject({ permissions: ['view_product'], roles: ['Customer'] });
    expect(details.effective_permissions).toEqual(expect.arrayContaining(['view_product', 'view_own_invoice']));
    expect(details.effective_permissions).not.toContain('view_customer');
  });

  it('“Usage statistics (if implemented)”: 200 counting each request once, by class of answer, route, address and day', async () => {
    const { apiKeyId, headers } = await page.create();
    await page.ask('GET', '/crm/customers', undefined, headers);
    await page.ask('GET', '/crm/users', undefined, headers);
    await page.app.ask('GET', '/crm/customers', { headers, from: '127.0.0.9' });
    await page.app.flushAccessLog();
    const { body } = await page.ask('GET', `/crm/api-keys/${apiKeyId}/usage?bucket=day`);
    expect(body).toMatchObject({ api_key_id: apiKeyId, bucket: 'day', total: 3 });
    expect(body.by_status_class).toMatchObject({ '2xx': 2, '4xx': 1, '5xx': 0 });
    expect(body.by_route).toEqual([
      { method: 'GET', route: '/crm/customers', requests: 2 },
      { method: 'GET', route: '/crm/users', requests: 1 },
    ]);
    expect(body.by_address).toEqual([
      { address: '127.0.0.1', requests: 2 },
      { address: '127.0.0.9', requests: 1 },
    ]);
    expect(body.buckets.at(-1)).toMatchObject({ requests: 3 });
  });

  it('“Recent access logs”: 200 with its last requests, newest first, and nobody else’s', async () => {
    const [key, other] = [await page.create(), await page.create()];
    await page.use(key.key);
    await page.use(other.key);
    await page.ask('GET', '/crm/users', undefined, key.headers);
    await page.app.flushAccessLog();
    const { body } = await page.ask('GET', `/crm/api-keys/${key.apiKeyId}/access-logs`);
    const actor = { kind: 'api_key', id: key.apiKeyId };
    expect(body.data).toMatchObject([
      { actor, method: 'GET', path: '/crm/users', status: 403, address: '127.0.0.1' },
      { actor, method: 'GET', path: '/crm/customers', status: 200, address: '127.0.0.1' },
    ]);
    expect(body.page).toEqual({ limit: 25, next_cursor: null });
  });
});

describe('Regenerating an API Key', () => {
  it('“If an API key is compromised or lost, regenerate it”: 200, and whoever has the old value is out', async () => {
    const { apiKeyId, key } = await page.create();
    expect(await page.statusWith(key)).toBe(200);
    expect((await page.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`)).status).toBe(200);
    expect(await page.statusWith(key)).toBe(401);
  });

  it('“Regenerating invalidates the old key immediately”: 401 at the next request, unless a grace was agreed', async () => {
    const [strict, graced] = [await page.create(), await page.create()];
    const { previous_valid_until: until } = await page.regenerate(strict.apiKeyId);
    await page.regenerate(graced.apiKeyId, { grace_period_seconds: 60 });
    expect([until, await page.statusWith(strict.key), await page.statusWith(graced.key)]).toEqual([null, 401, 200]);
  });

  it('“Any applications using the old key will stop working”: 401 through either header', async () => {
    const { apiKeyId, key, headers } = await page.create();
    await page.regenerate(apiKeyId);
    for (const by of [headers, { authorization: `Bearer ${key}` }]) {
      expectProblem(await page.app.ask('GET', '/crm/customers', { headers: by }), 401, 'auth.invalid_credentials');
    }
  });

  it('“Update all integrations with the new key before regenerating”: 200 with both values while the grace lasts, so that there is time to', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: fresh } = await page.regenerate(apiKeyId, { grace_period_seconds: 3_600 });
    page.app.clock.advance(HOUR - 1);
    expect([await page.statusWith(key), await page.statusWith(fresh)]).toEqual([200, 200]);
    page.app.clock.advance(1);
    expect([await page.statusWith(key), await page.statusWith(fresh)]).toEqual([401, 200]);
  });

  it('“Old key is revoked”: 401 with the very body of a key that never was', async () => {
    const { apiKeyId, key } = await page.create();
    await page.regenerate(apiKeyId);
    const told = async (value: string) => ({ ...(await page.use(value)).body, request_id: null });
    expect(await told(key)).toEqual(await told('a key that nobody ever gave to anybody'));
  });

  it('“New key with same permissions is generated”: 200 with another value that may do exactly as much', async () => {
    const { apiKeyId, key, headers } = await page.create({ permissions: ['view_customer'], roles: ['Finance'] });
    const before = await page.whoami(headers);
    const { api_key: fresh } = await page.regenerate(apiKeyId);
    expect(fresh).not.toBe(key);
    expect(await page.whoami({ 'x-api-key': fresh })).toEqual(before);
  });

  it('“New key is displayed (copy it immediately)”: 200 with it once, never to be cached, then masked', async () => {
    const { apiKeyId } = await page.create();
    const answer = await page.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body.api_key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
    expect((await page.details(apiKeyId)).api_key).toBe(`sk_live_...${answer.body.api_key.slice(-4)}`);
  });

  it('“Name, description, and permissions remain unchanged”: 200 with everything as it was but the value', async () => {
    const limits = { customer_ids: [await page.addCustomer('Nordlicht')], rate_limit: 7, ...inDays(90) };
    const { apiKeyId } = await page.create({ description: 'As it was', roles: ['Support'], ...limits });
    const before = await page.details(apiKeyId);
    const { api_key: fresh } = await page.regenerate(apiKeyId);
    expect(await page.details(apiKeyId)).toEqual({ ...before, api_key: `sk_live_...${fresh.slice(-4)}` });
  });
});

describe('Revoking (Deleting) an API Key', () => {
  it('“Key is immediately revoked”: 401 at the very next request, however often it was used before', async () => {
    const { apiKeyId, key } = await page.create();
    for (let i = 0; i < 3; i += 1) expect(await page.statusWith(key)).toBe(200);
    expect((await page.revoke(apiKeyId)).status).toBe(204);
    expect(await page.statusWith(key)).toBe(401);
    expect(await page.details(apiKeyId)).toMatchObject({ status: 'revoked' });
  });

  it('“All requests using this key return 401 Unauthorized”: 401 on every route, for every method, with a challenge', async () => {
    const { apiKeyId, headers } = await page.create({ permissions: ['admin'] });
    await page.revoke(apiKeyId);
    const requests = ['GET /crm/customers', 'POST /crm/customers', 'GET /crm/auth/whoami', 'DELETE /crm/api-keys/1'];
    for (const [method = '', path = ''] of requests.map((request) => request.split(' '))) {
      const answer = await page.ask(method, path, method === 'POST' ? { customer_name: 'x' } : undefined, headers);
      expectProblem(answer, 401, 'auth.invalid_credentials');
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });

  it('“Key is removed from the database”: its digest is erased; the row stays, revoked, and only status=revoked shows it', async () => {
    const { apiKeyId } = await page.create();
    const rowOf = () => page.app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });
    expect((await rowOf()).digest).toMatch(/^[0-9a-f]{64}$/);
    await page.revoke(apiKeyId);
    expect((await rowOf()).digest).toBeNull();
    expect(await page.idsOf()).not.toContain(apiKeyId);
    expect(await page.idsOf('status=revoked')).toContain(apiKeyId);
  });

  it('“Cannot be undone - key cannot be recovered”: 409 for every way back, 404 for a second revocation', async () => {
    const { apiKeyId, key } = await page.create();
    await page.revoke(apiKeyId);
    expectProblem(await page.edit(apiKeyId, inDays(90)), 409, 'api_keys.revoked');
    expectProblem(await page.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`), 409, 'api_keys.revoked');
    expectProblem(await page.edit(apiKeyId, { status: 'active' }), 400);
    expectProblem(await page.revoke(apiKeyId), 404, 'api_keys.not_found');
    expect(await page.statusWith(key)).toBe(401);
  });
});

describe('Editing API Key Details', () => {
  const edited = async (changes: object, more: object = {}) => {
    const made = await page.create(more);
    const answer = await page.edit(made.apiKeyId, changes);
    expect(answer.status).toBe(200);
    expect(await page.details(made.apiKeyId)).toMatchObject(answer.body);
    return { ...made, after: answer.body };
  };
  const refused = async (field: string, value: unknown) => {
    const { apiKeyId } = await page.create();
    const before = await page.details(apiKeyId);
    const answer = await page.edit(apiKeyId, { [field]: value });
    expectProblem(answer, 400);
    expect(pointers(answer)).toEqual([`/${field}`]);
    expect(await page.details(apiKeyId)).toEqual(before);
  };

  it('“Update name, description, expiry, or permissions”: 200 with all four at once, recorded field by field', async () => {
    const changes = { name: 'New', description: 'Said anew', ...inDays(9), permissions: ['view_product'] };
    const { apiKeyId, after } = await edited(changes);
    expect(after).toMatchObject(changes);
    const records = await page.ask('GET', `/crm/audit-logs?subject_type=api_key&subject_id=${apiKeyId}&limit=1`);
    expect(records.body.data).toMatchObject([
      { event: 'api_key.updated', before: { name: 'Some key' }, after: changes },
    ]);
  });

  it('“Name”: 200, and the list shows and finds the new one', async () => {
    const { apiKeyId } = await edited({ name: 'Rechristened' });
    expect(await page.idsOf('search=rechristened')).toEqual([apiKeyId]);
  });

  it('“Description”: 200 with another, and with none', async () => {
    const { apiKeyId } = await edited({ description: 'Other' }, { description: 'One' });
    expect((await page.edit(apiKeyId, { description: null })).body.description).toBeNull();
  });

  it('“Expiry date”: 200, and the key lives exactly so long', async () => {
    const { key } = await edited(inDays(2), inDays(1));
    page.app.clock.advance(2 * DAY - 1);
    expect(await page.statusWith(key)).toBe(200);
    page.app.clock.advance(1);
    expect(await page.statusWith(key)).toBe(401);
  });

  it('“Permissions”: 200, and they count from the next request', async () => {
    const { apiKeyId, key } = await edited({ permissions: ['view_product'] });
    expectProblem(await page.use(key), 403, 'rbac.missing_permission');
    await page.edit(apiKeyId, { permissions: ['view_product', 'view_customer'] });
    expect(await page.statusWith(key)).toBe(200);
  });

  it('“The key value itself (use Regenerate to change)”: 400 naming the field, 200 for regenerate', async () => {
    await refused('api_key', 'a value of one’s own choice, long enough');
    const { apiKeyId, key } = await page.create();
    expect((await page.regenerate(apiKeyId)).api_key).not.toBe(key);
  });

  it('“Created date”: 400 naming the field, and it stays', () => refused('created', '2020-01-01T00:00:00.000Z'));

  it('“Created by user”: 400 naming the field, and it stays', () => refused('created_by', 'somebody else'));
});
