import fc from 'fast-check';
import { TestApp } from '../../support/app.js';
import { itHidesForeignRows } from '../../support/contracts/foreign-rows.js';
import { walk } from '../../support/contracts/pages.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer, customers } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';
import { execute } from '../../support/rows.js';

const NAMES = ['Anna', 'anne', 'Bert', 'bertha', 'Zoe 7', '12'];
const SORTS = ['customer_id', 'customer_name', 'created', 'updated'].flatMap((name) => [name, `-${name}`]);
const OWN_RIGHTS = ['view_own_customer', 'update_own_customer'];

const part = <T>(values: T[], name: string) =>
  fc.option(
    fc.constantFrom(...values).map((value) => `${name}=${encodeURIComponent(String(value))}`),
    { nil: undefined },
  );
const queries = fc
  .tuple(
    part([1, 2, 5, 100], 'limit'),
    part(SORTS, 'sort'),
    part(['a', 'an', 'BERT', 'anna', 'zoe 7', '1', '12', '3', 'x', '%'], 'search'),
    part(['active', 'inactive'], 'status'),
    part(['company', 'individual'], 'customer_type'),
    part(['de', 'AT'], 'country'),
    part(['Jo', 'maria'], 'account_manager'),
    part(['2030-03-01T12:00:00Z', '2030-03-01T12:02:00Z'], 'created_from'),
    part(['2030-03-01T12:02:00Z', '2030-03-02'], 'created_to'),
  )
  .map((parts) => parts.filter((text) => text !== undefined).join('&'));

describe('customers: own rows', () => {
  let app: TestApp;
  let admin: Credentials;
  let rows: any[];
  let own: Set<number>;
  let key: Credentials;
  let user: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    for (let moment = 0; moment < 4; moment += 1) {
      await customers(
        app,
        Array.from({ length: 9 }, (_, index) => ({
          customer_name: NAMES[(index + moment) % NAMES.length] ?? 'x',
          status: index % 2 === 0 ? 'active' : 'inactive',
          customer_type: index % 3 === 0 ? 'individual' : 'company',
          address: { country: index % 2 === 0 ? 'DE' : 'AT' },
          account_manager: moment % 2 === 0 ? 'Jo' : 'Maria',
        })),
      );
      app.clock.advance(60_000);
    }
    admin = await asAdmin(app);
    rows = await walk(app, { path: '/crm/customers', as: () => admin }, 'limit=100');
    const ids = rows.map((row) => row.customer_id as number);
    own = new Set(ids.filter((id) => id % 3 === 0));
    key = (await asApiKey(app, OWN_RIGHTS, { customer_ids: [...own] })).headers;
    user = (await asUser(app, [await aRole(app, OWN_RIGHTS)], [...own])).headers;
  });
  afterAll(() => app.close());

  const idsOf = (found: any[]): number[] => found.map((row) => row.customer_id as number);
  const reads = (as: Credentials, query: string) => walk(app, { path: '/crm/customers', as: () => as }, query);
  const snapshot = () => reads(admin, 'limit=100');

  itHidesForeignRows(() => app, {
    path: '/crm/customers',
    id: 'customer_id',
    as: () => key,
    own: () => [...own][0] ?? 0,
    foreign: () => idsOf(rows).find((id) => !own.has(id)) ?? 0,
    actions: [{ method: 'PATCH', body: { phone: '1' } }],
  });

  it('200 to any query: what everybody sees, narrowed to one’s own, in the same order, counted alike', async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.boolean(), async (query, isUser) => {
        const expected = (await reads(admin, `${query}&limit=100`.replace(/limit=\d+&(.*)limit/, '$1limit'))).filter(
          (row) => own.has(row.customer_id as number),
        );
        const as = isUser ? user : key;
        expect(await reads(as, query)).toEqual(expected);
        const counted = await app.ask('GET', `/crm/customers?${query}&count=true`, { headers: as });
        expect(counted.body.page.total).toBe(expected.length);
      }),
      { numRuns: 200 },
    );
  });

  it('200 behind any cursor, also one of somebody who sees everything: never a foreign row', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...SORTS), fc.integer({ min: 1, max: 30 }), async (sort, limit) => {
        const page = await app.ask('GET', `/crm/customers?sort=${sort}&limit=${limit}`, { headers: admin });
        const cursor = page.body.page.next_cursor as string;
        const seen = idsOf(page.body.data as any[]);
        const rest = await app.ask('GET', `/crm/customers?sort=${sort}&limit=100&cursor=${cursor}`, { headers: key });
        const expected = [...own].filter((id) => !seen.includes(id));
        expect(idsOf(rest.body.data as any[]).toSorted((a, b) => a - b)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('404 or 403 for whatever is tried on a foreign row, and not one of them changes', async () => {
    const before = (await snapshot()).filter((row) => !own.has(row.customer_id as number));
    const ids = fc.constantFrom(...before.map((row) => row.customer_id as number), 9_999_999);
    const bodies = fc.record(
      { phone: fc.constantFrom('1', null), email: fc.constant('a@b.example'), customer_name: fc.constant('mine now') },
      { requiredKeys: [] },
    );
    const action = fc.record({
      id: ids,
      method: fc.constantFrom('GET', 'PATCH', 'DELETE'),
      body: bodies,
      isUser: fc.boolean(),
    });
    const records = await countRecords(app);
    await fc.assert(
      fc.asyncProperty(action, async ({ id, method, body, isUser }) => {
        const headers = { ...(isUser ? user : key), 'if-match': '*' };
        const answer = await app.ask(method, `/crm/customers/${id}`, {
          headers,
          ...(method === 'PATCH' ? { body } : {}),
        });
        expect([method, answer.status]).toEqual([method, method === 'DELETE' ? 403 : 404]);
        for (const { customer_name: name } of before) expect(answer.text).not.toContain(`"${name}"`);
      }),
      { numRuns: 150 },
    );
    expect((await snapshot()).filter((row) => !own.has(row.customer_id as number))).toEqual(before);
    expect(await countRecords(app)).toBe(records);
  });

  it('200 with nothing for somebody who has no customers', async () => {
    const lonely = (await asApiKey(app, OWN_RIGHTS)).headers;
    const answer = await app.ask('GET', '/crm/customers?count=true', { headers: lonely });
    expect(answer.body).toEqual({ data: [], page: { limit: 25, next_cursor: null, total: 0 } });
    const single = await app.ask('GET', `/crm/customers/${[...own][0]}`, { headers: lonely });
    expectProblem(single, 404, 'customers.not_found');
    const search = await app.ask('GET', `/crm/customers?search=${[...own][0]}`, { headers: lonely });
    expect(search.body.data).toEqual([]);
  });

  it('200 with everything for somebody who holds both the whole and the own right', async () => {
    const permissions = ['view_own_customer', 'view_customer'];
    const both = (await asApiKey(app, permissions, { customer_ids: [[...own][0]] })).headers;
    expect(await reads(both, 'limit=100')).toEqual(await snapshot());
  });

  it('200 editing one’s own while only all may be seen, and the other way round', async () => {
    const [mine = 0] = own;
    const foreign = idsOf(rows).find((id) => !own.has(id)) ?? 0;
    const { headers } = await asApiKey(app, ['view_customer', 'update_own_customer'], { customer_ids: [mine] });
    const patch = (id: number) => app.ask('PATCH', `/crm/customers/${id}`, { headers, body: { language: 'da' } });
    expect((await patch(mine)).status).toBe(200);
    expectProblem(await patch(foreign), 404, 'customers.not_found');
    expect((await app.ask('GET', `/crm/customers/${foreign}`, { headers })).status).toBe(200);
  });

  it('200 with full pages while some of one’s own are gone, and nobody here has heard of it', async () => {
    const made = await customers(
      app,
      Array.from({ length: 12 }, () => ({ customer_name: 'Gone or not' })),
    );
    const { headers } = await asApiKey(app, OWN_RIGHTS, { customer_ids: idsOf(made) });
    expect(idsOf(await reads(headers, 'limit=100'))).toEqual(idsOf(made));
    const [gone, left] = [idsOf(made).slice(0, 7), idsOf(made).slice(7)];
    await execute(app.database, `DELETE FROM customers WHERE customer_id IN (${gone.join(', ')})`);
    for (const limit of [1, 2, 3]) {
      for (const [sort, ids] of [
        ['customer_id', left],
        ['-customer_id', left.toReversed()],
      ] as const) {
        const page = await app.ask('GET', `/crm/customers?limit=${limit}&sort=${sort}`, { headers });
        expect(idsOf(page.body.data as any[])).toEqual(ids.slice(0, limit));
        expect(idsOf(await reads(headers, `limit=${limit}&sort=${sort}`))).toEqual(ids);
      }
    }
  });

  it('200 until the customer is deleted; then whoever was tied to it has one less', async () => {
    const { customer_id: gone } = await aCustomer(app);
    const holder = await asApiKey(app, OWN_RIGHTS, { customer_ids: [gone] });
    const person = await asUser(app, ['Customer'], [gone]);
    const whoami = async (headers: Credentials) =>
      (await app.ask('GET', '/crm/auth/whoami', { headers })).body.customer_ids as number[];
    for (const { headers } of [holder, person]) expect(await whoami(headers)).toEqual([gone]);
    const removed = await app.ask('DELETE', `/crm/customers/${gone}`, { headers: admin });
    expect(removed.status).toBe(204);
    const { customer_id: next } = await aCustomer(app);
    expect(next).not.toBe(gone);
    for (const { headers } of [holder, person]) {
      expect(await whoami(headers)).toEqual([]);
      expect(await reads(headers, 'limit=100')).toEqual([]);
    }
    const shown = await app.ask('GET', `/crm/users/${person.userId}`, { headers: admin });
    expect(shown.body.customer_ids).toEqual([]);
  });
});
