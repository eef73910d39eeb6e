import { fold } from '../../../src/common/text.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itPaginates, walk } from '../../support/contracts/pages.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer, customers } from '../../support/factories/customers.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const NAMES = [
  'anna',
  'Anna',
  'ANNA',
  'Zoe',
  'zoe',
  'Ärger',
  'Aerger',
  'éa',
  'e\u0301a',
  '😀',
  '１２',
  '12',
  ' 12',
  '=1',
];
const STATUSES = ['active', 'inactive', 'suspended'] as const;
const COUNTRIES = ['DE', 'de', 'Ｄｅ', 'AT', null, '\u{20000}'.repeat(100)];
const MANAGERS = ['Maria Keller', 'maria keller', 'Jo', null];

describe('GET /crm/customers', () => {
  let app: TestApp;
  let admin: Credentials;
  let rows: any[];

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    // Three moments for all of them: many rows are equal in what they are sorted by.
    for (let moment = 0; moment < 3; moment += 1) {
      await customers(
        app,
        Array.from({ length: 14 }, (_, index) => ({
          customer_name: NAMES[(index * 5 + moment) % NAMES.length] ?? 'x',
          status: STATUSES[(index + moment) % 3],
          customer_type: index % 4 === 0 ? 'individual' : 'company',
          address: { country: COUNTRIES[index % COUNTRIES.length] },
          account_manager: MANAGERS[(index + moment) % MANAGERS.length],
        })),
      );
      app.clock.advance(60_000);
    }
    rows = await walk(app, { path: '/crm/customers', as: () => admin }, 'limit=100');
    for (const { customer_id: id } of rows.slice(10, 20)) {
      await app.ask('PATCH', `/crm/customers/${id}`, { headers: admin, body: { phone: '1' } });
    }
  });
  afterAll(() => app.close());

  const list = (query: string, headers = admin) => app.ask('GET', `/crm/customers?${query}`, { headers });
  const idsOf = (found: any[]): number[] => found.map((row) => row.customer_id as number);
  const matching = async (query: string) => idsOf((await list(`limit=100&${query}`)).body.data as any[]);

  const route = { method: 'GET', path: '/crm/customers' };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'view_customer', [route]);
  itPaginates(() => app, {
    path: '/crm/customers',
    id: 'customer_id',
    as: () => admin,
    sorts: {
      customer_id: (row) => row.customer_id as number,
      customer_name: (row) => fold(row.customer_name as string),
      created: (row) => row.created as string,
      updated: (row) => row.updated as string,
    },
    defaultSort: 'customer_id',
    filter: 'country=de&created_from=2030-03-01',
  });

  describe('filters', () => {
    const filters: [string, (row: any) => boolean][] = [
      ...STATUSES.map((status) => [`status=${status}`, (row: any) => row.status === status] as [string, () => boolean]),
      ['customer_type=individual', (row) => row.customer_type === 'individual'],
      ['country=dE', (row) => fold(row.address.country ?? '') === 'de'],
      [`country=${encodeURIComponent('\u{20000}'.repeat(100))}`, (row) => row.address.country?.length === 200],
      ['country=D', () => false],
      ['account_manager=MARIA%20KELLER', (row) => row.account_manager?.toLowerCase() === 'maria keller'],
      ['created_from=2030-03-01T12:01:00Z', (row) => row.created >= '2030-03-01T12:01:00.000Z'],
      ['created_to=2030-03-01T12:01:00Z', (row) => row.created < '2030-03-01T12:01:00.000Z'],
      ['created_from=2030-03-01T13:01:00.000%2B01:00', (row) => row.created >= '2030-03-01T12:01:00.000Z'],
      ['created_from=2030-03-01', () => true],
      ['created_to=2030-03-01', () => false],
      ['created_from=2030-03-02', () => false],
    ];

    it.each(filters)('200 with just the rows of %s', async (query, predicate) => {
      expect(await matching(query)).toEqual(idsOf(rows.filter(predicate)));
    });

    it('200 with just the rows that meet every pair of them, counted too', async () => {
      for (const [left, accepts] of filters) {
        for (const [right, agrees] of filters.filter(([query]) => query.split('=')[0] !== left.split('=')[0])) {
          const expected = idsOf(rows.filter((row) => accepts(row) && agrees(row)));
          const answer = await list(`limit=100&count=true&${left}&${right}`);
          expect([left, right, idsOf(answer.body.data as any[])]).toEqual([left, right, expected]);
          expect(answer.body.page.total).toBe(expected.length);
        }
      }
    });

    it.each([
      'status=Active',
      'status=',
      'status=active&status=inactive',
      'status[]=active',
      'customer_type=ghost',
      'country=',
      `country=${'x'.repeat(101)}`,
      'account_manager=%20',
      'created_from=yesterday',
      'created_from=2030-02-30',
      'created_from=2030-03-01T12:00:00',
      'created_to=1893456000',
      'created_to=2030-03-01T12:00:00Z&created_to=2030-03-02',
      `search=${'x'.repeat(201)}`,
      'search=',
      'search=a%00b',
      'search[$ne]=1',
      'email=a@b.example',
      'sort=email',
      'sort=name_key',
      'sort=-',
      'sort=customer_name,created',
      "sort=created';DROP%20TABLE%20customers",
    ])('400 for %s', async (query) => {
      const answer = await list(query);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual([`/${decodeURIComponent(query).split('=', 1)[0]}`]);
    });

    it.each([
      "country='%20OR%201=1--",
      'account_manager=%22%20OR%20%22%22=%22',
      "search=')%20OR%20('1'='1",
      'search=%ED%A0%80',
    ])('never 500 for %s, and nothing is found', async (query) => {
      const answer = await list(query);
      expect([200, 400]).toContain(answer.status);
      expect(answer.body.data ?? []).toEqual([]);
    });
  });

  it.each(['customer_id', '-customer_id', 'customer_name', '-customer_name', 'created', '-updated'])(
    '200 sort=%s: no row twice and none missing while others are created, renamed and deleted',
    async (sort) => {
      const passing = await customers(
        app,
        Array.from({ length: 4 }, () => ({ customer_name: 'Mmm' })),
      );
      const seen: number[] = [];
      let cursor = '';
      for (let page = 0; cursor !== null; page += 1) {
        const answer = await list(`limit=4&sort=${sort}${cursor && `&cursor=${cursor}`}`);
        seen.push(...idsOf(answer.body.data as any[]));
        cursor = answer.body.page.next_cursor as string;
        await aCustomer(app, { customer_name: page % 2 === 0 ? 'aaa' : 'zzz' });
        const gone = passing.pop();
        if (gone) await app.ask('DELETE', `/crm/customers/${gone.customer_id}`, { headers: admin });
      }
      expect(new Set(seen).size).toBe(seen.length);
      expect(idsOf(rows).filter((id) => !seen.includes(id))).toEqual([]);
    },
  );

  it('200 paging through names that fill a cursor to its brim', async () => {
    const name = (last: string) => `${'\u0001'.repeat(199)}${last}`;
    const made = await customers(app, [
      { customer_name: name('a'), account_manager: 'Brim' },
      { customer_name: name('b'), account_manager: 'Brim' },
    ]);
    const query = 'limit=1&sort=customer_name&account_manager=brim';
    expect(await walk(app, { path: '/crm/customers', as: () => admin }, query)).toEqual(made);
  });

  it('200 with a cursor of another principal, and only what is visible', async () => {
    const [, second, , fourth] = idsOf(rows);
    const { headers } = await asApiKey(app, ['view_own_customer'], { customer_ids: [second, fourth] });
    const cursor = (await list('limit=3')).body.page.next_cursor as string;
    expect(idsOf((await list(`limit=3&cursor=${cursor}`, headers)).body.data as any[])).toEqual([fourth]);
  });

  it('400 for a cursor of another list', async () => {
    const cursor = (await list('limit=1&sort=created')).body.page.next_cursor as string;
    const answer = await app.ask('GET', `/crm/users?sort=created&cursor=${cursor}`, { headers: admin });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(['/cursor']);
  });
});
