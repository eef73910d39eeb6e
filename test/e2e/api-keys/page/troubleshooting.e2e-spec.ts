import { AuditRepository } from '../../../../src/audit/audit.repository.js';
import { DAY } from '../../../../src/common/clock.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { expectProblem } from '../../../support/expect-problem.js';

let page: ApiKeyPage;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
afterAll(() => page.close());
afterEach(() => jest.restoreAllMocks());

const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });

describe('"401 Unauthorized" when using API key', () => {
  it('“Cause: Key invalid, expired, or incorrect”: 401 for each of the three, and only the expired one is told which', async () => {
    const revoked = await page.create();
    await page.revoke(revoked.apiKeyId);
    const expired = await page.create(inDays(1));
    page.app.clock.advance(DAY);
    const good = await page.create();
    const mistyped = good.key.slice(0, -1) + (good.key.endsWith('a') ? 'b' : 'a');
    expectProblem(await page.use(revoked.key), 401, 'auth.invalid_credentials');
    expectProblem(await page.use(expired.key), 401, 'api_keys.expired');
    expectProblem(await page.use(mistyped), 401, 'auth.invalid_credentials');
    expect(await page.statusWith(good.key)).toBe(200);
  });

  it('“Verify key is copied correctly (no extra spaces)”: 401 with a space in it; around it HTTP itself drops them', async () => {
    const { key } = await page.create();
    for (const bent of [`${key.slice(0, 8)} ${key.slice(8)}`, `${key}\u00a0`, `${key} ${key}`]) {
      expect(await page.statusWith(bent)).toBe(401);
    }
    expect(await page.statusWith(`  ${key} `)).toBe(200);
  });

  it('“Check key status (Active vs. Expired)”: 200 with the status that explains the answer', async () => {
    const { apiKeyId, key } = await page.create(inDays(1));
    expect([await page.statusWith(key), (await page.details(apiKeyId)).status]).toEqual([200, 'expiring_soon']);
    page.app.clock.advance(DAY);
    expect([await page.statusWith(key), (await page.details(apiKeyId)).status]).toEqual([401, 'expired']);
  });

  it('“Confirm key has required permissions”: 403, not 401, naming the one that is missing', async () => {
    const { headers } = await page.create({ permissions: ['view_product'] });
    const answer = await page.app.ask('GET', '/crm/customers', { headers });
    expect(expectProblem(answer, 403, 'rbac.missing_permission').missing_permissions).toEqual(['view_customer']);
  });

  it('“Ensure using X-API-KEY header (not Authorization)”: 200 through either; 400 for both at once', async () => {
    const { key, headers } = await page.create();
    const bearer = { authorization: `Bearer ${key}` };
    const ask = (by: Record<string, string>) => page.app.ask('GET', '/crm/customers', { headers: by });
    expect([(await ask(headers)).status, (await ask(bearer)).status]).toEqual([200, 200]);
    expectProblem(await ask({ ...headers, ...bearer }), 400, 'auth.credential_conflict');
  });
});

describe('"API key not found" after creation', () => {
  it('“Cause: Key may have been created but not properly stored”: 201 only for a key that is stored; one that could not be wholly stored is not there', async () => {
    const before = await page.idsOf('status=all');
    jest.spyOn(page.app.get(AuditRepository), 'insert').mockRejectedValueOnce(new Error('the disk is full'));
    const failed = await page.post({ name: 'Half' });
    expectProblem(failed, 500);
    expect(failed.text).not.toContain('sk_live_');
    expect(await page.idsOf('status=all')).toEqual(before);
    const { apiKeyId, key } = await page.create();
    expect([await page.statusWith(key), (await page.details(apiKeyId)).api_key_id]).toEqual([200, apiKeyId]);
  });

  it('“Check API key list for the new entry”: 200 with it in the very next answer', async () => {
    const { apiKeyId } = await page.create();
    expect(await page.idsOf('sort=-api_key_id')).toEqual(expect.arrayContaining([apiKeyId]));
    expect((await page.list('sort=-api_key_id'))[0]?.api_key_id).toBe(apiKeyId);
  });

  it('“If missing, create a new key”: 201 for the same request again, which makes another', async () => {
    const [one, other] = [await page.create({ name: 'Again' }), await page.create({ name: 'Again' })];
    expect(one.apiKeyId).not.toBe(other.apiKeyId);
    expect([await page.statusWith(one.key), await page.statusWith(other.key)]).toEqual([200, 200]);
  });
});

describe('API key expiring soon', () => {
  it('“Cause: Expiry date approaching (within 30 days)”: 200 with the date on the key’s own answers, and not before', async () => {
    const { key, shown } = await page.create(inDays(31));
    expect((await page.use(key)).headers).not.toHaveProperty('x-api-key-expires');
    page.app.clock.advance(DAY);
    expect((await page.use(key)).headers['x-api-key-expires']).toBe(shown.expiry_date);
  });

  it('“Create new key with extended expiry”: 201 for a second key that lives longer', async () => {
    const old = await page.create(inDays(5));
    const { permissions } = await page.details(old.apiKeyId);
    const fresh = await page.create({ permissions, ...inDays(365) });
    page.app.clock.advance(6 * DAY);
    expect([await page.statusWith(old.key), await page.statusWith(fresh.key)]).toEqual([401, 200]);
  });

  it('“Update applications to use new key”: 200 with either while both live', async () => {
    const [old, fresh] = [await page.create(inDays(5)), await page.create(inDays(365))];
    expect([await page.statusWith(old.key), await page.statusWith(fresh.key)]).toEqual([200, 200]);
  });

  it('“Revoke old key after migration”: 204, and only the old one is refused', async () => {
    const [old, fresh] = [await page.create(inDays(5)), await page.create(inDays(365))];
    expect((await page.revoke(old.apiKeyId)).status).toBe(204);
    expect([await page.statusWith(old.key), await page.statusWith(fresh.key)]).toEqual([401, 200]);
  });
});

describe('Cannot delete API key', () => {
  it('“Cause: May be protected or in use”: 409 for a protected one that says how to go on; being in use keeps no key', async () => {
    const held = await page.create({ protected: true });
    const used = await page.create();
    expect(await page.statusWith(used.key)).toBe(200);
    const problem = expectProblem(await page.revoke(held.apiKeyId), 409, 'api_keys.protected');
    expect(problem.detail).toContain('set protected to false');
    expect((await page.revoke(used.apiKeyId)).status).toBe(204);
    expect([await page.statusWith(held.key), await page.statusWith(used.key)]).toEqual([200, 401]);
  });

  it('“Ensure you have admin permissions”: 403 naming manage_api_keys, and the key lives', async () => {
    const target = await page.create();
    const { headers } = await page.create({ permissions: ['view_customer', 'delete_customer'] });
    const answer = await page.ask('DELETE', `/crm/api-keys/${target.apiKeyId}`, undefined, headers);
    expect(expectProblem(answer, 403).missing_permissions).toEqual(['manage_api_keys']);
    expect(await page.statusWith(target.key)).toBe(200);
  });

  it('“Check if key is locked/protected”: 200 saying so; 204 once it is unset', async () => {
    const { apiKeyId } = await page.create({ protected: true });
    expect(await page.details(apiKeyId)).toMatchObject({ protected: true });
    expectProblem(await page.revoke(apiKeyId), 409);
    expect((await page.edit(apiKeyId, { protected: false })).body).toMatchObject({ protected: false });
    expect((await page.revoke(apiKeyId)).status).toBe(204);
  });
});
