import { DAY, SECOND } from '../../../../src/common/clock.js';
import { ApiKeyPage } from '../../../support/api-key-page.js';
import { asUser } from '../../../support/principals.js';

describe('API Key List View', () => {
  let page: ApiKeyPage;

  beforeAll(async () => {
    page = await ApiKeyPage.open();
  });
  afterAll(() => page.close());

  const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });

  it('“The main page displays all API keys in a table format”: 200 with each of them but the revoked ones', async () => {
    const before = await page.idsOf();
    const [one, other, gone] = [await page.create(), await page.create(), await page.create()];
    await page.revoke(gone.apiKeyId);
    expect(await page.idsOf()).toEqual([...before, one.apiKeyId, other.apiKeyId]);
  });

  it('“Name - Descriptive label for the API key”: 200 with the name as it was given', async () => {
    const { apiKeyId } = await page.create({ name: 'Provisioning System' });
    expect(await page.line(apiKeyId)).toMatchObject({ name: 'Provisioning System' });
  });

  it('“Created By - Username of the person who created the key”: 200 with the name that whoami tells its creator', async () => {
    const person = await asUser(page.app, ['Admin']);
    const { apiKeyId } = await page.create({}, person.headers);
    const { name } = await page.whoami(person.headers);
    expect(name).toEqual(expect.stringMatching(/./));
    expect(await page.line(apiKeyId)).toMatchObject({ created_by: name });
  });

  it('“API Key - The actual key string (partially masked for security)”: 200 with prefix, dots and four characters', async () => {
    const { apiKeyId, key } = await page.create();
    expect((await page.line(apiKeyId))?.api_key).toBe(`sk_live_...${key.slice(-4)}`);
  });

  it('“Status - Active, Expired, or Revoked”: 200 with each of the three where it is due', async () => {
    const active = await page.create(inDays(100));
    const expired = await page.create(inDays(1));
    const revoked = await page.create();
    await page.revoke(revoked.apiKeyId);
    page.app.clock.advance(DAY);
    const shown = [active, expired, revoked].map(({ apiKeyId }) => page.line(apiKeyId, 'status=all'));
    expect((await Promise.all(shown)).map((row) => row?.status)).toEqual(['active', 'expired', 'revoked']);
  });

  it('“Created Date - When the key was generated”: 200 with the moment of its creation', async () => {
    page.app.clock.advance(SECOND);
    const moment = page.app.clock.instant();
    const { apiKeyId } = await page.create();
    page.app.clock.advance(DAY);
    expect(await page.line(apiKeyId)).toMatchObject({ created: moment });
  });

  it('“Expiry Date - When the key will automatically expire”: 200 with the moment at which it then does', async () => {
    const { apiKeyId, key } = await page.create(inDays(40));
    const until = Date.parse(String((await page.line(apiKeyId))?.expiry_date));
    page.app.clock.advance(until - page.app.clock.millis() - 1);
    expect(await page.statusWith(key)).toBe(200);
    page.app.clock.advance(1);
    expect(await page.statusWith(key)).toBe(401);
  });
});

describe('Dashboard Widgets', () => {
  let page: ApiKeyPage;
  let counts: Record<string, number>;

  beforeAll(async () => {
    page = await ApiKeyPage.open();
    const inDays = (days: number) => page.create({ expiry_date: page.app.clock.instant(days * DAY) });
    const gone = await page.create();
    await page.revoke(gone.apiKeyId);
    // A day later: two expired, three with at most 30 days to live, one with a millisecond more.
    for (const days of [1, 0.5, 2, 30, 31]) await inDays(days);
    await page.create({ expiry_date: page.app.clock.instant(31 * DAY + 1) });
    page.app.clock.advance(DAY);
    counts = await page.stats();
  });
  afterAll(() => page.close());

  it('“At the top of the page, summary statistics are displayed”: 200 with all of them in one answer', async () => {
    const answer = await page.ask('GET', '/crm/api-keys/stats');
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['total', 'active', 'expiring_soon', 'expired']));
  });

  it('“Total API Keys - Count of all API keys (active and inactive)”: 200 with active and expired ones, not revoked ones', async () => {
    expect(counts.total).toBe(7);
    expect(counts.total).toBe((await page.list()).length);
  });

  it('“Active Keys - Currently valid keys”: 200 with as many as are not expired', async () => {
    expect(counts.active).toBe(5);
    expect(await page.idsOf('status=active')).toHaveLength(5);
  });

  it('“Expiring Soon - Keys expiring in the next 30 days”: 200 to the millisecond', async () => {
    expect(counts.expiring_soon).toBe(3);
    expect(await page.idsOf('status=expiring_soon')).toHaveLength(3);
  });

  it('“Expired Keys - Keys past their expiry date”: 200 from that moment on', async () => {
    expect(counts.expired).toBe(2);
    expect(await page.idsOf('status=expired')).toHaveLength(2);
  });
});

describe('Filtering and Searching', () => {
  let page: ApiKeyPage;
  const ids: Record<string, number> = {};
  let ansible = '';

  beforeAll(async () => {
    page = await ApiKeyPage.open();
    const inDays = (days: number) => ({ expiry_date: page.app.clock.instant(days * DAY) });
    const rows = {
      old: { name: 'Zabbix', ...inDays(1) },
      ansible: { name: 'Ansible', description: 'Provisioning automation', ...inDays(200) },
      soon: { name: 'Billing', description: 'QuickBooks', ...inDays(20) },
      gone: { name: 'Gone', ...inDays(20) },
    };
    for (const [name, more] of Object.entries(rows)) {
      page.app.clock.advance(SECOND);
      const made = await page.createAsPerson(more);
      ids[name] = made.apiKeyId;
      if (name === 'ansible') ansible = made.key;
    }
    await page.revoke(ids.gone ?? 0);
    page.app.clock.advance(DAY);
    ids.administration = (await page.idsOf('search=administration'))[0] ?? 0;
  });
  afterAll(() => page.close());

  const named = (...names: string[]) => names.map((name) => ids[name]);

  it('“Search by name, description, or partial key”: 200 by each of the three, never by a hidden part of the key', async () => {
    expect(await page.idsOf('search=ansib')).toEqual(named('ansible'));
    expect(await page.idsOf('search=quickbooks')).toEqual(named('soon'));
    expect(await page.idsOf(`search=sk_live_...${ansible.slice(-4)}`)).toEqual(named('ansible'));
    expect(await page.idsOf(`search=${ansible.slice(-4)}`)).toContain(ids.ansible);
    expect(await page.idsOf(`search=${ansible.slice(8, 14)}`)).toEqual([]);
  });

  it('“All Keys”: 200 with revoked ones too when they are asked for', async () => {
    expect(await page.idsOf()).toEqual(named('administration', 'old', 'ansible', 'soon'));
    expect(await page.idsOf('status=all')).toEqual(named('administration', 'old', 'ansible', 'soon', 'gone'));
  });

  it('“Active Only”: 200 with those that work, soon expiring ones among them', async () => {
    expect(await page.idsOf('status=active')).toEqual(named('administration', 'ansible', 'soon'));
  });

  it('“Expiring Soon (next 30 days)”: 200 with just those', async () => {
    expect(await page.idsOf('status=expiring_soon')).toEqual(named('soon'));
  });

  it('“Expired”: 200 with just those', async () => {
    expect(await page.idsOf('status=expired')).toEqual(named('old'));
  });

  it('“Click column headers to sort by: Name”: 200 both ways', async () => {
    const expected = named('administration', 'ansible', 'soon', 'old');
    expect(await page.idsOf('sort=name')).toEqual(expected);
    expect(await page.idsOf('sort=-name')).toEqual(expected.toReversed());
  });

  it('“Click column headers to sort by: Created Date”: 200 both ways', async () => {
    const expected = named('administration', 'old', 'ansible', 'soon');
    expect(await page.idsOf('sort=created')).toEqual(expected);
    expect(await page.idsOf('sort=-created')).toEqual(expected.toReversed());
  });

  it('“Click column headers to sort by: Expiry Date”: 200 both ways, those without one last', async () => {
    expect(await page.idsOf('sort=expiry_date')).toEqual(named('old', 'soon', 'ansible', 'administration'));
    expect(await page.idsOf('sort=-expiry_date')).toEqual(named('ansible', 'soon', 'old', 'administration'));
  });

  it('“Click column headers to sort by: Created By”: 200 both ways', async () => {
    const other = await asUser(page.app, ['Admin']);
    // In between, so that the order of creation is not that of the creators.
    await page.create({}, other.headers);
    await page.createAsPerson();
    const creators = async (sort: string) => (await page.list(`sort=${sort}`)).map((row) => String(row.created_by));
    const up = await creators('created_by');
    expect(up).toEqual(up.toSorted());
    expect(new Set(up).size).toBe(2);
    expect(await creators('-created_by')).toEqual(up.toReversed());
  });
});
