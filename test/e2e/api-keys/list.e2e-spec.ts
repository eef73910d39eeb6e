import { DAY } from '../../../src/common/clock.js';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { LastUseService } from '../../../src/audit/last-use.service.js';
import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

type Row = Record<string, unknown>;

describe('GET /crm/api-keys', () => {
  let app: TestApp;
  let admin: Credentials;
  const ids: Record<string, number> = {};
  const keys: Record<string, string> = {};

  beforeAll(async () => {
    app = await TestApp.start();
    const at = (days: number) => new Date(app.clock.millis() + days * DAY).toISOString();
    const make = async (name: string, more: object = {}) => {
      const holder = await asApiKey(app, ['view_customer', 'manage_api_keys'], { name, ...more });
      ids[name] = holder.apiKeyId;
      keys[name] = holder.key;
      app.clock.advance(1_000);
      return holder;
    };
    await make('Gone', { expiry_date: at(50) });
    await make('Old', { expiry_date: at(1), description: 'Nightly export' });
    const parent = await make('alpha');
    await make('Soon', { expiry_date: at(12), description: 'Éclair 100%_done' });
    await make('Later', { expiry_date: at(300) });
    await make('Zulu');
    const body = { name: 'Beta', permissions: ['view_customer'] };
    ids.Beta = (await app.ask('POST', '/crm/api-keys', { headers: parent.headers, body })).body.api_key_id;
    await app.ask('DELETE', `/crm/api-keys/${ids.Gone}`, { headers: await asAdmin(app) });
    app.clock.advance(2 * DAY);
    for (const name of ['Zulu', 'alpha']) {
      await app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': keys[name] ?? '' } });
      await app.get(LastUseService).flush();
      app.clock.advance(1_000);
    }
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const ask = (query = '', headers = admin) => app.ask('GET', `/crm/api-keys?${query}`, { headers });
  const names = async (query: string) => {
    const answer = await ask(query);
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
    return (answer.body.data as Row[]).map(({ name }) => name);
  };
  const ALL_BUT_REVOKED = ['Old', 'alpha', 'Soon', 'Later', 'Zulu', 'Beta'];

  it('200 with all but revoked keys, by id, each in the listed shape and masked', async () => {
    const answer = await ask();
    expect(answer.body.page).toEqual({ limit: 25, next_cursor: null });
    expect((answer.body.data as Row[]).map(({ name }) => name)).toEqual(ALL_BUT_REVOKED);
    expect(Object.keys((answer.body.data as Row[])[0] ?? {}).sort()).toEqual(
      [
        ...[
          'allowed_addresses',
          'api_key',
          'api_key_id',
          'bound_to_creator',
          'created',
          'created_by',
          'customer_ids',
          'description',
          'expiry_date',
          'kind',
        ],
        ...[
          'last_used_address',
          'last_used_at',
          'name',
          'permissions',
          'protected',
          'rate_limit',
          'roles',
          'source',
          'status',
        ],
      ].sort(),
    );
    for (const { api_key: mask } of answer.body.data as Row[]) expect(mask).toMatch(/^sk_live_\.\.\.[0-9A-Za-z]{4}$/);
  });

  it.each([
    ['all', ['Gone', ...ALL_BUT_REVOKED]],
    ['active', ['alpha', 'Soon', 'Later', 'Zulu', 'Beta']],
    ['expiring_soon', ['Soon']],
    ['expired', ['Old']],
    ['revoked', ['Gone']],
  ])('200 with status=%s', async (status, expected) => {
    expect(await names(`status=${status}`)).toEqual(expected);
    const shown = (await ask(`status=${status}`)).body.data as Row[];
    if (status === 'expired' || status === 'revoked') expect(shown.map((row) => row.status)).toEqual([status]);
  });

  it('200 with source=', async () => {
    expect(await names('source=database')).toEqual(ALL_BUT_REVOKED);
    expect(await names('source=config')).toEqual([]);
  });

  it.each([
    ['alph', ['alpha']],
    ['ALPHA', ['alpha']],
    ['lpha', []],
    ['night', ['Old']],
    ['export nightly', ['Old']],
    ['export missing', []],
    ['éclair', ['Soon']],
    ['100%', ['Soon']],
    ['100%_d', ['Soon']],
    ['%', []],
    ['_', []],
    ['!', []],
    ["' OR 1=1 --", []],
  ])('200 with search=%s', async (search, expected) => {
    expect(await names(`search=${encodeURIComponent(search)}`)).toEqual(expected);
  });

  it('200 with search by the visible part and the id, never by what is hidden', async () => {
    const key = keys.Zulu ?? '';
    expect(await names(`search=${key.slice(-4)}`)).toContain('Zulu');
    expect(await names(`search=sk_live_...${key.slice(-4)}`)).toEqual(['Zulu']);
    expect(await names(`search=${ids.Zulu}`)).toContain('Zulu');
    const row = await app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId: ids.Zulu });
    for (const hidden of [row.digest, row.digest?.slice(0, 8), key, key.slice(8, 16)]) {
      expect(await names(`search=${hidden}`)).toEqual([]);
    }
  });

  const byName = ['alpha', 'Beta', 'Later', 'Old', 'Soon', 'Zulu'];
  it.each([
    ['api_key_id', ALL_BUT_REVOKED],
    ['-api_key_id', ALL_BUT_REVOKED.toReversed()],
    ['name', byName],
    ['-name', byName.toReversed()],
    ['created', ALL_BUT_REVOKED],
    ['-created', ALL_BUT_REVOKED.toReversed()],
    ['expiry_date', ['Old', 'Soon', 'Later', 'alpha', 'Zulu', 'Beta']],
    ['-expiry_date', ['Later', 'Soon', 'Old', 'Beta', 'Zulu', 'alpha']],
    ['last_used_at', ['Zulu', 'alpha', 'Old', 'Soon', 'Later', 'Beta']],
    ['-last_used_at', ['alpha', 'Zulu', 'Beta', 'Later', 'Soon', 'Old']],
  ])('200 with sort=%s, those without a value last, the same over pages of one', async (sort, expected) => {
    // Beta used its parent's key, not its own; the parent was last seen after Zulu.
    expect(await names(`sort=${sort}`)).toEqual(expected);
    const walked: unknown[] = [];
    for (let cursor = ''; ;) {
      const { body } = await ask(`sort=${sort}&limit=1&cursor=${cursor}`.replace(/&cursor=$/, ''));
      walked.push(...(body.data as Row[]).map(({ name }) => name));
      if (body.page.next_cursor === null) break;
      cursor = body.page.next_cursor as string;
    }
    expect(walked).toEqual(expected);
  });

  it('200 with sort=created_by', async () => {
    const creators = ((await ask('sort=created_by')).body.data as Row[]).map((row) => String(row.created_by));
    expect(creators).toEqual([...creators].sort());
    expect(new Set(creators).size).toBe(2);
  });

  it('200 with a total only when it is asked for', async () => {
    expect((await ask('count=true&limit=2')).body.page).toMatchObject({ total: 6, limit: 2 });
    expect((await ask('limit=2')).body.page).not.toHaveProperty('total');
  });

  it.each([
    ['/status', 'status=dead'],
    ['/source', 'source=elsewhere'],
    ['/sort', 'sort=digest'],
    ['/sort', 'sort=search_text'],
    ['/digest', 'digest=x'],
    ['/password', 'password=x'],
    ['/limit', 'limit=0'],
    ['/limit', 'limit=101'],
    ['/limit', 'limit=1e1'],
    ['/cursor', 'cursor=WyJuYW1lIiwwLDBd.AAAAAAAAAAAAAAAA'],
    ['/search', `search=${'x'.repeat(201)}`],
    ['/status', 'status=active&status=revoked'],
  ])('400 at %s for %s', async (pointer, query) => {
    const answer = await ask(query);
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([pointer]);
  });

  it('403 without manage_api_keys', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    expect(expectProblem(await ask('', headers), 403).missing_permissions).toEqual(['manage_api_keys']);
  });
});

describe('last use of a key', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  it('200 shows when and from where, written at most once a minute', async () => {
    const { headers, apiKeyId } = await asApiKey(app, ['view_customer']);
    const rowOf = () => app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });
    const use = async (from: string) => {
      await app.ask('GET', '/crm/customers', { headers, from });
      await app.get(LastUseService).flush();
      return rowOf();
    };
    const first = app.clock.instant();
    expect(await use('127.0.0.5')).toMatchObject({ lastUsedAt: first, lastUsedAddress: '127.0.0.5' });
    app.clock.advance(59_999);
    expect(await use('127.0.0.6')).toMatchObject({ lastUsedAt: first, lastUsedAddress: '127.0.0.5' });
    app.clock.advance(1);
    expect(await use('127.0.0.7')).toMatchObject({ lastUsedAt: app.clock.instant(), lastUsedAddress: '127.0.0.7' });
    expect((await rowOf()).version).toBe(1);
  });
});
