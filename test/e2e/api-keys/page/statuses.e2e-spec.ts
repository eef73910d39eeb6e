import { DAY, HOUR } from '../../../../src/common/clock.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { expectProblem } from '../../../support/expect-problem.js';

let page: ApiKeyPage;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
afterAll(() => page.close());

const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });
const statusOf = async (apiKeyId: number) => (await page.details(apiKeyId)).status;

describe('API Key Status', () => {
  it('“Key is valid and can be used”: 200 while it is shown as active', async () => {
    const { apiKeyId, key } = await page.create();
    expect([await statusOf(apiKeyId), await page.statusWith(key)]).toEqual(['active', 200]);
  });

  it('“Within expiry date (or no expiry set)”: active with a far expiry and with none', async () => {
    const keys = [await page.create(inDays(300)), await page.create({ expiry_date: null })];
    for (const { apiKeyId, key } of keys) {
      expect([await statusOf(apiKeyId), await page.statusWith(key)]).toEqual(['active', 200]);
    }
  });

  it('“Not manually revoked”: active no more once it is', async () => {
    const { apiKeyId, key } = await page.create();
    await page.revoke(apiKeyId);
    expect([await statusOf(apiKeyId), await page.statusWith(key)]).toEqual(['revoked', 401]);
    expect(await page.idsOf('status=active')).not.toContain(apiKeyId);
  });

  it('“Active but will expire in the next 30 days”: expiring_soon to the millisecond, and it works', async () => {
    const { apiKeyId, key } = await page.create(inDays(31));
    page.app.clock.advance(DAY - 1);
    expect(await statusOf(apiKeyId)).toBe('active');
    page.app.clock.advance(1);
    expect([await statusOf(apiKeyId), await page.statusWith(key)]).toEqual(['expiring_soon', 200]);
    expect(await page.idsOf('status=active')).toContain(apiKeyId);
  });

  it('“Past the expiry date”: expired from that very moment on', async () => {
    const { apiKeyId } = await page.create(inDays(1));
    page.app.clock.advance(DAY - 1);
    expect(await statusOf(apiKeyId)).toBe('expiring_soon');
    page.app.clock.advance(1);
    expect(await statusOf(apiKeyId)).toBe('expired');
  });

  it('“No longer accepts authentication”: 401 that says since when', async () => {
    const { key, shown } = await page.create(inDays(1));
    page.app.clock.advance(DAY);
    const problem = expectProblem(await page.use(key), 401, 'api_keys.expired');
    expect(problem.detail).toContain(shown.expiry_date);
  });

  it('“Can be deleted or expiry extended”: 204 for the one, 200 for the other, which works again', async () => {
    const [deleted, extended] = [await page.create(inDays(1)), await page.create(inDays(1))];
    page.app.clock.advance(DAY);
    expect((await page.revoke(deleted.apiKeyId)).status).toBe(204);
    expect((await page.edit(extended.apiKeyId, inDays(90))).body.status).toBe('active');
    expect([await page.statusWith(deleted.key), await page.statusWith(extended.key)]).toEqual([401, 200]);
  });

  it('“Manually deleted/disabled”: revoked by DELETE, and by nothing else', async () => {
    const { apiKeyId } = await page.create(inDays(1));
    page.app.clock.advance(300 * DAY);
    expect(await statusOf(apiKeyId)).toBe('expired');
    expect((await page.revoke(apiKeyId)).status).toBe(204);
    expect(await statusOf(apiKeyId)).toBe('revoked');
  });

  it('“Permanently invalid”: 401 ten years later, and 409 for an edit that would revive it', async () => {
    const { apiKeyId, key } = await page.create();
    await page.revoke(apiKeyId);
    page.app.clock.advance(3_652 * DAY);
    expectProblem(await page.edit(apiKeyId, inDays(90)), 409, 'api_keys.revoked');
    expect(await page.statusWith(key)).toBe(401);
  });

  it('“No longer shown in active list”: 200 without it, unless revoked ones are asked for', async () => {
    const { apiKeyId } = await page.create();
    await page.revoke(apiKeyId);
    for (const query of ['', 'status=active', 'status=expiring_soon', 'status=expired']) {
      expect(await page.idsOf(query)).not.toContain(apiKeyId);
    }
    expect(await page.idsOf('status=revoked')).toContain(apiKeyId);
  });
});

describe('Monitoring and Auditing', () => {
  it('“Monitor API key usage via activity logs”: 200 with each of its requests, refused ones too, and nobody else’s', async () => {
    const [watched, other] = [await page.create(), await page.create()];
    await page.app.ask('GET', '/crm/customers?limit=1', { headers: watched.headers, from: '127.0.0.9' });
    await page.ask('GET', '/crm/users', undefined, watched.headers);
    await page.use(other.key);
    await page.app.flushAccessLog();
    const query = `actor_kind=api_key&actor_id=${watched.apiKeyId}&sort=access_id`;
    const { body } = await page.ask('GET', `/crm/access-logs?${query}`);
    expect(body.data).toMatchObject([
      { method: 'GET', path: '/crm/customers', status: 200, address: '127.0.0.9' },
      { method: 'GET', path: '/crm/users', status: 403, address: '127.0.0.1' },
    ]);
  });

  it('“Review "last used" timestamps regularly”: 200 with time and address, sorted by them, never used ones last', async () => {
    const [never, early, late] = [await page.create(), await page.create(), await page.create()];
    await page.use(early.key);
    await page.noteLastUse();
    page.app.clock.advance(HOUR);
    const moment = page.app.clock.instant();
    await page.use(late.key);
    await page.noteLastUse();
    expect(await page.line(late.apiKeyId)).toMatchObject({ last_used_at: moment, last_used_address: '127.0.0.1' });
    expect(await page.line(never.apiKeyId)).toMatchObject({ last_used_at: null, last_used_address: null });
    const order = await page.idsOf('sort=-last_used_at');
    const places = [late, early, never].map(({ apiKeyId }) => order.indexOf(apiKeyId));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places).not.toContain(-1);
  });
});

describe('Key Rotation', () => {
  it('“Establish a key rotation policy”: 422 for a key that would outlive it, once it is configured', async () => {
    await page.app.reconfigure('api_key_policy: { max_lifetime_days: 90 }\n');
    expectProblem(await page.post(inDays(91)), 422, 'api_keys.lifetime_too_long');
    expect((await page.post(inDays(90))).status).toBe(201);
    await page.app.reconfigure('{}');
  });

  it('“Create new key with same permissions”: 201 for a second key beside the first, with every right of it', async () => {
    const old = await page.create({ permissions: ['view_customer'], roles: ['Support'] });
    const { permissions, roles, effective_permissions: rights } = await page.details(old.apiKeyId);
    const fresh = await page.create({ name: 'Its successor', permissions, roles });
    expect((await page.details(fresh.apiKeyId)).effective_permissions).toEqual(rights);
    expect([await page.statusWith(old.key), await page.statusWith(fresh.key)]).toEqual([200, 200]);
  });

  it('“Update applications to use new key”: 200 with both, the old one’s answers saying until when', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: fresh } = await page.regenerate(apiKeyId, { grace_period_seconds: 3_600 });
    const [old, now] = [await page.use(key), await page.use(fresh)];
    expect([old.status, now.status]).toEqual([200, 200]);
    expect(old.headers['x-api-key-replaced']).toBe(page.app.clock.instant(HOUR));
    expect(now.headers).not.toHaveProperty('x-api-key-replaced');
  });

  it('“Monitor to ensure old key is no longer used”: 200 naming who still uses it, and nobody once the new one alone is used', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: first } = await page.regenerate(apiKeyId, { grace_period_seconds: 3_600 });
    await page.use(key);
    await page.use(first);
    const { old_value_uses: uses, new_value_first_used_at: since } = await page.rotation(apiKeyId);
    expect(uses).toMatchObject([{ address: '127.0.0.1', route: '/crm/customers', requests: 1 }]);
    expect(since).toBe(page.app.clock.instant());
    page.app.clock.advance(1);
    const { api_key: second } = await page.regenerate(apiKeyId, { grace_period_seconds: 3_600 });
    await page.use(second);
    expect((await page.rotation(apiKeyId)).old_value_uses).toEqual([]);
  });

  it('“Revoke old key after grace period”: 401 by itself at its end, or 204 for a key of its own', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: fresh } = await page.regenerate(apiKeyId, { grace_period_seconds: 3_600 });
    page.app.clock.advance(HOUR);
    expect([await page.statusWith(key), await page.statusWith(fresh)]).toEqual([401, 200]);
    const [old, successor] = [await page.create(), await page.create()];
    expect((await page.revoke(old.apiKeyId)).status).toBe(204);
    expect([await page.statusWith(old.key), await page.statusWith(successor.key)]).toEqual([401, 200]);
  });
});
