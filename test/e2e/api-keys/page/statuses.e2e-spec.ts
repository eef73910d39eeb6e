import { DAY, HOUR } from '../../../../src/common/clock.js';
import { NO_LIMITS } from '../../../support/app.js';
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

  it('“Set up alerts for unusual access patterns”: 200 with a record of each, once, with its figures; none while the key is young or does as usual', async () => {
    await page.app.reconfigure(`${NO_LIMITS}api_key_alerts: { volume_minimum: 10 }\n`);
    const { apiKeyId, headers } = await page.create();
    const use = async (from = '127.0.0.1', times = 1) => {
      for (let i = 0; i < times; i += 1) await page.app.ask('GET', '/crm/customers', { headers, from });
    };
    const alerts = async () => {
      const run = await page.ask('POST', '/crm/jobs/api-key-alerts/run');
      expect({ status: run.status, text: run.text }).toMatchObject({ status: 200 });
      const { body } = await page.ask(
        'GET',
        `/crm/audit-logs?subject_type=api_key&subject_id=${apiKeyId}&sort=audit_id`,
      );
      const [, ...told] = body.data as { event: string; after: object }[];
      return told.map(({ event, after }) => ({ event, ...after }));
    };
    await use();
    await use('127.0.0.8', 20);
    expect(await alerts()).toEqual([]);
    page.app.clock.advance(8 * DAY);
    await use();
    expect(await alerts()).toEqual([]);
    await use('127.0.0.9');
    const strange = { event: 'api_key.new_address', address: '127.0.0.9', known_addresses: 2 };
    expect(await alerts()).toMatchObject([strange]);
    page.app.clock.advance(3 * DAY);
    await use('127.0.0.1', 100);
    const busy = { event: 'api_key.unusual_volume', requests: 100, factor: 5 };
    expect(await alerts()).toMatchObject([strange, busy]);
    page.app.clock.advance(31 * DAY);
    await use();
    const late = { event: 'api_key.used_after_silence', silent_days: 31, never_used: false };
    expect(await alerts()).toMatchObject([strange, busy, late]);
    expect(await alerts()).toHaveLength(3);
    await page.app.reconfigure(NO_LIMITS);
  });

  it('“Remove unused keys”: 200 naming them, and 204 for removing them, after which they are named no more', async () => {
    const [never, once] = [await page.create(inDays(300)), await page.create(inDays(300))];
    await page.use(once.key);
    await page.noteLastUse();
    const named = async (code: string) => {
      const { body } = await page.ask('GET', `/crm/api-keys/advice?limit=100&code=${code}`);
      return body.data.map((row: Record<string, unknown>) => row.api_key_id) as number[];
    };
    expect(await named('never_used')).toContain(never.apiKeyId);
    expect(await named('never_used')).not.toContain(once.apiKeyId);
    page.app.clock.advance(91 * DAY);
    expect(await named('unused_permissions')).toEqual(expect.arrayContaining([never.apiKeyId, once.apiKeyId]));
    for (const { apiKeyId } of [never, once]) expect((await page.revoke(apiKeyId)).status).toBe(204);
    const left = [...(await named('never_used')), ...(await named('unused_permissions'))];
    expect(left).not.toEqual(expect.arrayContaining([never.apiKeyId]));
    expect(left).not.toEqual(expect.arrayContaining([once.apiKeyId]));
  });
});

describe('Key Rotation', () => {
  it('“Establish a key rotation policy”: 422 for a key that would outlive it, once it is configured', async () => {
    await page.app.reconfigure(`${NO_LIMITS}api_key_policy: { max_lifetime_days: 90 }\n`);
    expectProblem(await page.post(inDays(91)), 422, 'api_keys.lifetime_too_long');
    expect((await page.post(inDays(90))).status).toBe(201);
    await page.app.reconfigure(NO_LIMITS);
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
