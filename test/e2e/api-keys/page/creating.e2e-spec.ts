import { DAY } from '../../../../src/common/clock.js';
import { NO_LIMITS } from '../../../support/app.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { expectProblem, pointers } from '../../../support/expect-problem.js';
import { aRole, regrant } from '../../../support/factories/roles.js';
import { asAdmin, asUser } from '../../../support/principals.js';

let page: ApiKeyPage;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
afterAll(() => page.close());
afterEach(() => jest.restoreAllMocks());

const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });
const recordsOf = async (query: string) => (await page.ask('GET', `/crm/audit-logs?${query}`)).body.data;

describe('Overview', () => {
  it('“API keys enable secure, long-lived authentication”: 200 a year later, without any login', async () => {
    const { key } = await page.create();
    page.app.clock.advance(365 * DAY);
    expect(await page.statusWith(key)).toBe(200);
  });

  it('“Unlike JWT tokens (which expire after minutes/hours), API keys remain valid until manually revoked or until their expiry date”: 401 for a token after a day, 200 for keys until then', async () => {
    const token = await asAdmin(page.app);
    const [revoked, expiring] = [await page.create(), await page.create(inDays(2))];
    page.app.clock.advance(DAY);
    expectProblem(await page.ask('GET', '/crm/customers', undefined, token), 401, 'auth.token_expired');
    expect([await page.statusWith(revoked.key), await page.statusWith(expiring.key)]).toEqual([200, 200]);
    await page.revoke(revoked.apiKeyId);
    page.app.clock.advance(DAY);
    expect([await page.statusWith(revoked.key), await page.statusWith(expiring.key)]).toEqual([401, 401]);
  });
});

describe('Accessing API Key Management', () => {
  it('“Required Permission: MANAGE_API_KEYS (admin role)”: 403 naming it for everything else, 200 with it or by the role', async () => {
    const other = await page.create({ permissions: ['view_customer', 'view_user', 'view_audit_log'] });
    const problem = expectProblem(await page.ask('GET', '/crm/api-keys', undefined, other.headers), 403);
    expect(problem.missing_permissions).toEqual(['manage_api_keys']);
    const manager = await page.create({ permissions: ['MANAGE_API_KEYS'] });
    const person = await asUser(page.app, ['Admin']);
    for (const { headers } of [manager, person]) {
      expect((await page.ask('GET', '/crm/api-keys', undefined, headers)).status).toBe(200);
    }
  });
});

describe('Creating an API Key', () => {
  it('“Name (required)”: 400 naming the field without one', async () => {
    for (const name of [undefined, null, '', '   ']) {
      const answer = await page.post({ name });
      expectProblem(answer, 400);
      expect(pointers(answer)).toEqual(['/name']);
    }
  });

  it('“Short, descriptive identifier”: 201 with 100 characters, 400 with 101', async () => {
    expect((await page.post({ name: 'x'.repeat(100) })).status).toBe(201);
    expect(pointers(await page.post({ name: 'x'.repeat(101) }))).toEqual(['/name']);
  });

  it('“Used in audit logs and displayed in the list”: 200 with the name of the key that did it, and of the key that was made', async () => {
    const maker = await page.create({ name: 'Night shift', permissions: ['manage_api_keys', 'view_customer'] });
    const made = await page.create({ name: 'Made at night' }, maker.headers);
    const [record] = await recordsOf(`subject_type=api_key&subject_id=${made.apiKeyId}`);
    expect(record.actor).toEqual({ kind: 'api_key', id: maker.apiKeyId, name: 'Night shift' });
    expect(record.after).toMatchObject({ name: 'Made at night' });
    expect(await page.line(made.apiKeyId)).toMatchObject({ name: 'Made at night', created_by: 'Night shift' });
  });

  it('“Description (optional)”: 201 without one, which is null, and with one', async () => {
    expect((await page.create()).shown.description).toBeNull();
    const description = 'Used by Ansible provisioning server';
    expect((await page.create({ description })).shown.description).toBe(description);
  });

  it('“More detailed explanation”: 201 with five times as much room as a name has', async () => {
    expect((await page.post({ description: 'x'.repeat(500) })).status).toBe(201);
    expect(pointers(await page.post({ description: 'x'.repeat(501) }))).toEqual(['/description']);
  });

  it('“Helps future administrators understand the key’s purpose”: 200 for another administrator, in the list and in the details', async () => {
    const description = 'Third-party billing sync';
    const { apiKeyId } = await page.create({ description });
    const { headers } = await asUser(page.app, ['Admin']);
    const list = await page.ask('GET', '/crm/api-keys?search=third-party', undefined, headers);
    expect(list.body.data).toMatchObject([{ api_key_id: apiKeyId, description }]);
    const details = await page.ask('GET', `/crm/api-keys/${apiKeyId}`, undefined, headers);
    expect(details.body).toMatchObject({ description });
  });

  it('“If blank: Key never expires (not recommended)”: 200 a hundred years later, counted; 422 where the policy says so', async () => {
    const before = await page.stats();
    const { key, shown } = await page.create();
    expect(shown.expiry_date).toBeNull();
    expect((await page.stats()).never_expiring).toBe(Number(before.never_expiring) + 1);
    page.app.clock.advance(36_525 * DAY);
    expect(await page.statusWith(key)).toBe(200);
    await page.app.reconfigure(`${NO_LIMITS}api_key_policy: { max_lifetime_days: 365 }\n`);
    expectProblem(await page.post(), 422, 'api_keys.lifetime_too_long');
    await page.app.reconfigure(NO_LIMITS);
  });

  it('“If set: Key automatically becomes invalid after this date”: 200 to the end of the day, 401 after it', async () => {
    const day = page.app.clock.instant(3 * DAY).slice(0, 10);
    const { key, shown } = await page.create({ expiry_date: day });
    expect(shown.expiry_date).toBe(`${day}T23:59:59.000Z`);
    page.app.clock.advance(Date.parse(shown.expiry_date) - page.app.clock.millis() - 1);
    expect(await page.statusWith(key)).toBe(200);
    page.app.clock.advance(1);
    expectProblem(await page.use(key), 401, 'api_keys.expired');
  });

  it('“View Customers”, “Create Customers”, “View Services”, “Create Services”, “Provisioning”, “View Inventory”: 201 with any of them, and no other right comes along', async () => {
    const listed = (await page.ask('GET', '/crm/permissions')).body.data;
    const labels = ['View customer', 'Create customer', 'View service', 'Create service', 'Provisioning'];
    for (const label of [...labels, 'View inventory']) {
      const permission = listed.find((row: Record<string, unknown>) => row.label === label)?.permission;
      const { headers } = await page.create({ permissions: [permission] });
      expect([label, (await page.whoami(headers)).permissions]).toEqual([label, [permission]]);
    }
  });

  it('“Admin (all permissions)”: 200 wherever another key gets 403', async () => {
    const everything = await page.create({ permissions: ['admin'] });
    const little = await page.create({ permissions: ['view_product'] });
    for (const path of ['customers', 'users', 'roles', 'api-keys', 'audit-logs', 'access-logs', 'ip-whitelist']) {
      const ask = async (headers: Record<string, string>) =>
        (await page.ask('GET', `/crm/${path}`, undefined, headers)).status;
      expect([path, await ask(everything.headers), await ask(little.headers)]).toEqual([path, 200, 403]);
    }
  });

  it('“Select specific permissions or check "Admin" for full access”: 403 for what was not selected, 200 and 201 with Admin', async () => {
    const reader = await page.create({ permissions: ['view_customer'] });
    const admin = await page.create({ permissions: ['Admin'] });
    const write = (headers: Record<string, string>) =>
      page.ask('POST', '/crm/customers', { customer_name: 'By key' }, headers);
    expect(await page.statusWith(reader.key)).toBe(200);
    expect(expectProblem(await write(reader.headers), 403).missing_permissions).toEqual(['create_customer']);
    expect([await page.statusWith(admin.key), (await write(admin.headers)).status]).toEqual([200, 201]);
  });

  it('“Follows same role-based permission model as user accounts”: 200 and 403 alike for a key and a user of one role, also after it changed', async () => {
    const role = await aRole(page.app, ['view_customer']);
    const [user, key] = [await asUser(page.app, [role]), await page.create({ permissions: [], roles: [role] })];
    const rights = async () => {
      const told = await Promise.all([user, key].map(({ headers }) => page.whoami(headers)));
      return told.map(({ permissions }) => permissions);
    };
    const answers = async (path: string) => {
      const asked = await Promise.all([user, key].map(({ headers }) => page.ask('GET', path, undefined, headers)));
      return asked.map(({ status }) => status);
    };
    expect(await rights()).toEqual([['view_customer'], ['view_customer']]);
    expect([await answers('/crm/customers'), await answers('/crm/users')]).toEqual([
      [200, 200],
      [403, 403],
    ]);
    await regrant(page.app, role, ['view_user']);
    expect(await rights()).toEqual([['view_user'], ['view_user']]);
    expect([await answers('/crm/customers'), await answers('/crm/users')]).toEqual([
      [403, 403],
      [200, 200],
    ]);
  });

  it('“After clicking "Generate Key", the system displays the newly created API key”: 201 with the whole key, which works', async () => {
    const { status, body } = await page.post();
    expect(status).toBe(201);
    expect(body.api_key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
    expect(await page.statusWith(body.api_key)).toBe(200);
  });

  it('“Copy this key now - it will not be shown again!”: 201 replayed without it, and kept by no cache', async () => {
    const once = {
      headers: { ...page.admin, 'idempotency-key': 'copy-it-now' },
      body: { name: 'Once', roles: ['Support'] },
    };
    const first = await page.app.ask('POST', '/crm/api-keys', once);
    const again = await page.app.ask('POST', '/crm/api-keys', once);
    expect([first.status, again.status, again.headers['idempotency-replayed']]).toEqual([201, 201, 'true']);
    expect(first.headers['cache-control']).toBe('no-store');
    expect(again.body.api_key_id).toBe(first.body.api_key_id);
    expect(again.text).not.toContain(first.body.api_key.slice(8, -4));
  });

  it('“Once you close this dialog, the full key cannot be retrieved again”: 200 from every page about the key, none with more than its end', async () => {
    const { apiKeyId, key, headers } = await page.create();
    await page.use(key);
    await page.edit(apiKeyId, { name: 'Edited' });
    await page.app.flushAccessLog();
    const paths = [
      `/crm/api-keys/${apiKeyId}`,
      '/crm/api-keys?status=all&limit=100',
      `/crm/audit-logs?subject_type=api_key&subject_id=${apiKeyId}`,
      '/crm/access-logs',
    ];
    const shown = await Promise.all(paths.map((path) => page.ask('GET', path)));
    shown.push(await page.ask('GET', '/crm/api-keys/self', undefined, headers));
    expect(shown.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    const everything = shown.map(({ text }) => text).join('\n');
    expect(everything).toContain(key.slice(-4));
    expect(everything).not.toContain(key.slice(8, 20));
    expect(everything).not.toContain(key.slice(-20, -4));
  });

  it('“You’ll only see a masked version (sk_live_...XYZ) in the list view”: 200 with the prefix and the last four', async () => {
    const { apiKeyId, key } = await page.create();
    expect((await page.line(apiKeyId))?.api_key).toBe(`sk_live_...${key.slice(-4)}`);
  });

  it('“If you lose the key, you must regenerate it, which invalidates the old key and may break existing integrations”: 200 with a new one, then 401 for the old', async () => {
    const { apiKeyId, key } = await page.create();
    const { api_key: fresh } = await page.regenerate(apiKeyId);
    expect([await page.statusWith(key), await page.statusWith(fresh)]).toEqual([401, 200]);
  });

  it('“Use the API key in your application’s requests”: 200 for GET /crm/customers with X-API-KEY, 401 without', async () => {
    const id = await page.addCustomer('Nordlicht Telekom GmbH');
    const { key } = await page.create();
    const answer = await page.app.ask('GET', '/crm/customers?search=nordlicht', { headers: { 'X-API-KEY': key } });
    expect(answer).toMatchObject({ status: 200, body: { data: [{ customer_id: id }] } });
    expect((await page.app.ask('GET', '/crm/customers')).status).toBe(401);
  });
});
