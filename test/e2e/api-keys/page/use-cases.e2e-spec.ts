import { DAY } from '../../../../src/common/clock.js';
import { ApiKeyPage, type CreatedKey } from '../../../support/api-key-page.js';
import { expectProblem } from '../../../support/expect-problem.js';
import { asAdmin, type Credentials } from '../../../support/principals.js';

let page: ApiKeyPage;
let bearer: Credentials;

beforeAll(async () => {
  page = await ApiKeyPage.open();
});
beforeEach(async () => {
  bearer = await asAdmin(page.app);
});
afterAll(() => page.close());

describe('API Endpoints (for Programmatic Management)', () => {
  const json = () => ({ ...bearer, 'content-type': 'application/json' });

  it('“API keys can also be managed via API (requires admin permissions)”: 403 on each of its calls without them', async () => {
    const { apiKeyId, headers } = await page.create();
    const path = `/crm/api-keys/${apiKeyId}`;
    const calls = [
      ['GET', '/crm/api-keys'],
      ['POST', '/crm/api-keys', { name: 'x', permissions: ['view_customer'] }],
      ['PATCH', path, { name: 'x' }],
      ['DELETE', path],
    ] as const;
    for (const [method, where, body] of calls) {
      const problem = expectProblem(await page.ask(method, where, body, headers), 403);
      expect(problem.missing_permissions).toEqual(['manage_api_keys']);
    }
    expect((await page.ask('PATCH', path, { name: 'x' }, bearer)).status).toBe(200);
  });

  it('“GET /crm/api-keys”: 200 with the keys, 401 without a token', async () => {
    const { apiKeyId } = await page.create();
    const answer = await page.app.ask('GET', '/crm/api-keys?limit=100', { headers: bearer });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toContainEqual(expect.objectContaining({ api_key_id: apiKeyId }));
    expectProblem(await page.app.ask('GET', '/crm/api-keys'), 401);
  });

  it('“POST /crm/api-keys”: 201 for the page’s own body, a date meaning the end of that day', async () => {
    const day = page.app.clock.instant(365 * DAY).slice(0, 10);
    const body = {
      name: 'New Integration',
      description: 'Third-party billing sync',
      expiry_date: day,
      permissions: ['view_customer', 'view_service'],
    };
    const answer = await page.app.ask('POST', '/crm/api-keys', { headers: json(), body });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ ...body, expiry_date: `${day}T23:59:59.000Z` });
  });

  it('“Response: api_key_id, name, api_key, status, created, expiry_date”: 201 with all six, as the page shows them', async () => {
    const wanted = { name: 'New Integration', expiry_date: page.app.clock.instant(365 * DAY) };
    const { shown } = await page.create(wanted, bearer);
    expect(shown).toMatchObject({ ...wanted, status: 'active', created: page.app.clock.instant() });
    expect(Number.isInteger(shown.api_key_id)).toBe(true);
    expect(shown.api_key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
  });

  it('“DELETE /crm/api-keys/{api_key_id}”: 204, and the key is refused', async () => {
    const { apiKeyId, key } = await page.create();
    const answer = await page.app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: bearer });
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await page.statusWith(key)).toBe(401);
  });

  it('“PATCH /crm/api-keys/{api_key_id}”: 200 for the page’s own body, in the listed shape', async () => {
    const { apiKeyId, key } = await page.create();
    const day = page.app.clock.instant(700 * DAY).slice(0, 10);
    const body = { name: 'Updated Name', expiry_date: day };
    const answer = await page.app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, { headers: json(), body });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ name: 'Updated Name', expiry_date: `${day}T23:59:59.000Z` });
    expect(answer.body).toEqual(await page.line(apiKeyId));
    expect(await page.statusWith(key)).toBe(200);
  });
});

/** Made from the preset as the page fills in the form; the clock ends its life. */
async function fromPreset(presetName: string, more: object): Promise<CreatedKey & { lifetime: number | null }> {
  const { data } = (await page.ask('GET', '/crm/api-keys/presets')).body;
  const { permissions, lifetime_days: lifetime } = data.find((row: Record<string, unknown>) => row.name === presetName);
  const expiry_date = lifetime === null ? null : page.app.clock.instant(lifetime * DAY);
  return { ...(await page.create({ permissions, expiry_date, ...more })), lifetime };
}

const rightsOf = async ({ headers }: CreatedKey) => (await page.whoami(headers)).permissions;

/** What a route that the key may not use says is missing. */
async function missing({ headers }: CreatedKey, method: string, path: string): Promise<string[]> {
  const answer = await page.ask(method, path, method === 'POST' ? {} : undefined, headers);
  return expectProblem(answer, 403, 'rbac.missing_permission').missing_permissions;
}

/** Valid to the last millisecond of so many days, and not longer. */
async function livesFor({ headers }: CreatedKey, days: number): Promise<void> {
  const status = async () => (await page.ask('GET', '/crm/api-keys/self', undefined, headers)).status;
  page.app.clock.advance(days * DAY - 1);
  expect(await status()).toBe(200);
  page.app.clock.advance(1);
  expect(await status()).toBe(401);
}

describe('Use Case 1: Provisioning System Integration', () => {
  const said = { name: 'Ansible Provisioning Server', description: 'Used by provisioning automation' };

  it('“Create an API key for your Ansible provisioning server”: 201 with that name and description', async () => {
    const { apiKeyId } = await fromPreset('Provisioning server', said);
    expect(await page.line(apiKeyId)).toMatchObject(said);
  });

  it('“Permissions: Provisioning, View/Create Services, View/Update Inventory”: 200 with just these, 403 naming any other', async () => {
    const key = await fromPreset('Provisioning server', said);
    const granted = ['create_service', 'provisioning', 'update_inventory', 'view_inventory', 'view_service'];
    expect((await rightsOf(key)).toSorted()).toEqual(granted);
    expect(await missing(key, 'GET', '/crm/customers')).toEqual(['view_customer']);
    expect(await missing(key, 'GET', '/crm/api-keys')).toEqual(['manage_api_keys']);
  });

  it('“Expiry: 1 year”: 200 for 365 days, then 401', async () => {
    await livesFor(await fromPreset('Provisioning server', said), 365);
  });
});

describe('Use Case 2: Third-Party Billing Integration', () => {
  const said = { name: 'Billing Sync - QuickBooks' };

  it('“Create a read-only key for billing export”: 200 for reading, 403 for every way to write', async () => {
    const key = await fromPreset('Billing export', said);
    expect(await page.statusWith(key.key)).toBe(200);
    expect((await rightsOf(key)).filter((right: string) => !right.startsWith('view_'))).toEqual([]);
    expect(await missing(key, 'POST', '/crm/customers')).toEqual(['create_customer']);
    expect(await missing(key, 'PATCH', '/crm/customers/1')).toEqual(['update_customer']);
    expect(await missing(key, 'DELETE', '/crm/customers/1')).toEqual(['delete_customer']);
  });

  it('“Permissions: View Customers, View Transactions, View Invoices”: 200 with just these', async () => {
    const rights = await rightsOf(await fromPreset('Billing export', said));
    expect(rights.toSorted()).toEqual(['view_customer', 'view_invoice', 'view_transaction']);
  });

  it('“Expiry: 90 days (rotate quarterly)”: 200 for 90 days, then 401', async () => {
    await livesFor(await fromPreset('Billing export', said), 90);
  });
});

describe('Use Case 3: Monitoring and Alerting', () => {
  const said = { name: 'Monitoring - Grafana' };

  it('“Create a key for Prometheus/Grafana metrics collection”: 201, and it is told what it may do', async () => {
    const key = await fromPreset('Monitoring', said);
    const answer = await page.ask('GET', '/crm/api-keys/self', undefined, key.headers);
    expect(answer.body).toMatchObject({ api_key_id: key.apiKeyId, name: 'Monitoring - Grafana', status: 'active' });
  });

  it('“Permissions: View Services, View Provisioning”: 200 with these, and view_metrics for Prometheus itself; 403 for customers', async () => {
    const key = await fromPreset('Monitoring', said);
    expect((await rightsOf(key)).toSorted()).toEqual(['view_metrics', 'view_provisioning', 'view_service']);
    expect(await missing(key, 'GET', '/crm/customers')).toEqual(['view_customer']);
  });

  it('“Expiry: Never (monitoring needs continuous access)”: 200 ten years later', async () => {
    const key = await fromPreset('Monitoring', said);
    expect([key.lifetime, key.shown.expiry_date]).toEqual([null, null]);
    page.app.clock.advance(3_652 * DAY);
    expect((await page.ask('GET', '/crm/api-keys/self', undefined, key.headers)).status).toBe(200);
  });
});

describe('Use Case 4: Customer Portal API', () => {
  const portal = async () => {
    const [own, foreign] = [await page.addCustomer('Own'), await page.addCustomer('Foreign')];
    const key = await fromPreset('Customer portal', { name: 'Customer Portal Backend', customer_ids: [own] });
    return { key, own, foreign };
  };

  it('“Create a key for customer self-service portal”: 200 with its customer alone, 404 for any other', async () => {
    const { key, own, foreign } = await portal();
    const answer = await page.use(key.key);
    expect(answer.body.data).toMatchObject([{ customer_id: own, customer_name: 'Own' }]);
    const read = async (id: number) => (await page.ask('GET', `/crm/customers/${id}`, undefined, key.headers)).status;
    expect([await read(own), await read(foreign)]).toEqual([200, 404]);
  });

  it('“Permissions: View Own Customer, View Own Services, Create Payments”: 200 with just these, payments being its own customer’s only', async () => {
    const { key } = await portal();
    const rights = ['create_own_payment', 'view_own_customer', 'view_own_service'];
    expect((await rightsOf(key)).toSorted()).toEqual(rights);
    expect(await missing(key, 'POST', '/crm/customers')).toEqual(['create_customer']);
  });

  it('“Expiry: 180 days”: 200 for 180 days, then 401', async () => {
    await livesFor((await portal()).key, 180);
  });
});
