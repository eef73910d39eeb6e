import fc from 'fast-check';
import { TestApp } from '../../support/app.js';
import { walk } from '../../support/contracts/pages.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer, customers } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

const CUSTOMER_RIGHTS = [
  ...['view_customer', 'view_own_customer', 'view_basic_customer', 'view_basic_customer'],
  ...['update_customer', 'update_own_customer', 'update_basic_customer', 'create_customer'],
];
const USER_RIGHTS = ['view_user', 'view_basic_user', 'view_basic_user', 'manage_own_users', 'explain_permission'];
const SORTS = ['user_id', 'created', 'last_login_at', '-last_login_at', 'email', '-email'];

/** A right may leave fields out (R8): what is left out is not there, whichever way one looks. */
describe('field masks', () => {
  let app: TestApp;
  let admin: Credentials;
  let basic: Credentials;
  let own: number;
  let foreign: number;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    const made = await customers(
      app,
      Array.from({ length: 6 }, (_, index) => ({ customer_name: `Firm ${index}`, tax_id: `TAX-${index}` })),
    );
    [own = 0, foreign = 0] = made.map(({ customer_id: id }) => id);
    const rights = ['view_basic_customer', 'update_basic_customer', 'create_customer', 'view_basic_user'];
    basic = (await asApiKey(app, [...rights, 'create_user', 'update_basic_user', 'assign_role'])).headers;
  });
  afterAll(() => app.close());

  const ask = (method: string, path: string, headers: Credentials, body?: unknown) =>
    app.ask(method, path, { headers, ...(body === undefined ? {} : { body }) });

  /** Made without a login of its own: a property makes many. */
  const aKey = async (permissions: string[], customerIds: number[]): Promise<Credentials> => {
    const body = { name: 'drawn', permissions, customer_ids: customerIds };
    return { 'x-api-key': (await ask('POST', '/crm/api-keys', admin, body)).body.api_key as string };
  };

  describe('of customers', () => {
    it('200 without the tax id, absent and not null, in a list and alone; all else as everybody sees it', async () => {
      const path = '/crm/customers';
      const whole = await walk(app, { path, as: () => admin }, 'limit=2');
      expect(whole.every((row) => 'tax_id' in row)).toBe(true);
      const expected = whole.map(({ tax_id: _, ...row }) => row as object);
      expect(await walk(app, { path, as: () => basic }, 'limit=2')).toEqual(expected);
      const single = await ask('GET', `${path}/${own}`, basic);
      expect([single.body, single.headers.etag]).toEqual([expected[0], '"1"']);
    });

    it('200 with the tax id of one’s own rows alone, where both rights are held', async () => {
      const rights = ['view_basic_customer', 'view_own_customer'];
      const { headers } = await asApiKey(app, rights, { customer_ids: [own] });
      const { data } = (await ask('GET', '/crm/customers?limit=100', headers)).body;
      const withIt = data.filter((row: object) => 'tax_id' in row).map((row: any) => row.customer_id as number);
      expect(withIt).toEqual([own]);
      expect(data.length).toBeGreaterThan(5);
      expect((await ask('GET', `/crm/customers/${own}`, headers)).body.tax_id).toBe('TAX-0');
      expect((await ask('GET', `/crm/customers/${foreign}`, headers)).body).not.toHaveProperty('tax_id');
    });

    it('201 and 200 without it in what is answered to a change; If-Match holds as for everybody', async () => {
      const body = { customer_name: 'New', tax_id: 'TAX-new' };
      const headers = { ...basic, 'idempotency-key': 'masked' };
      const created = await ask('POST', '/crm/customers', headers, body);
      expect([created.status, 'tax_id' in created.body]).toEqual([201, false]);
      const again = await ask('POST', '/crm/customers', headers, body);
      expect([again.headers['idempotency-replayed'], again.body]).toEqual(['true', created.body]);
      const path = `/crm/customers/${created.body.customer_id}`;
      const matching = { ...basic, 'if-match': String(created.headers.etag) };
      const edited = await ask('PATCH', path, matching, { phone: '1' });
      expect([edited.status, edited.headers.etag, edited.body.phone]).toEqual([200, '"2"', '1']);
      expect(edited.body).not.toHaveProperty('tax_id');
      expectProblem(await ask('PATCH', path, matching, { phone: '2' }), 412);
      expect((await ask('GET', path, admin)).body).toMatchObject({ tax_id: 'TAX-new', phone: '1' });
    });

    it.each([{ tax_id: 'mine' }, { tax_id: null }, { phone: '9', tax_id: 'TAX-0' }])(
      '403 naming the tax id, and nothing is written: %j',
      async (body) => {
        const records = await countRecords(app);
        const answer = await ask('PATCH', `/crm/customers/${own}`, basic, body);
        const problem = expectProblem(answer, 403, 'customers.fields_forbidden');
        expect(problem.missing_permissions).toEqual(['update_customer']);
        expect(pointers(answer)).toEqual(['/tax_id']);
        expect((await ask('GET', `/crm/customers/${own}`, admin)).body).toMatchObject({ tax_id: 'TAX-0', phone: null });
        expect(await countRecords(app)).toBe(records);
      },
    );

    it('400 for a search or an order by what nobody can search or sort by', async () => {
      for (const query of ['sort=tax_id', 'tax_id=TAX-0']) {
        expectProblem(await ask('GET', `/crm/customers?${query}`, basic), 400, 'request.invalid');
      }
      expect((await ask('GET', '/crm/customers?search=TAX-0', admin)).body.data).toEqual([]);
    });

    it('never lets a masked tax id out nor in, whatever is held and asked for', async () => {
      const rows = await customers(
        app,
        Array.from({ length: 3 }, (_, index) => ({ customer_name: `Drawn ${index}`, tax_id: `SECRET-${index}` })),
      );
      const drawn = fc.record({
        rights: fc.uniqueArray(fc.constantFrom(...CUSTOMER_RIGHTS), { minLength: 1, maxLength: 4 }),
        mine: fc.subarray([0, 1, 2]),
        asked: fc.array(
          fc.record({
            row: fc.nat({ max: 2 }),
            method: fc.constantFrom('GET', 'LIST', 'PATCH'),
            body: fc.record(
              { tax_id: fc.constantFrom('GUESS', null), phone: fc.constantFrom('1', '2') },
              { requiredKeys: [] },
            ),
          }),
          { minLength: 6, maxLength: 6 },
        ),
      });
      await fc.assert(
        fc.asyncProperty(drawn, async ({ rights, mine, asked }) => {
          const headers = await aKey(
            rights,
            mine.map((index) => rows[index]?.customer_id ?? 0),
          );
          const maySee = (index: number) =>
            rights.includes('view_customer') || (rights.includes('view_own_customer') && mine.includes(index));
          for (const { row, method, body } of asked) {
            const path = `/crm/customers/${rows[row]?.customer_id}`;
            const before = (await ask('GET', path, admin)).body;
            const answer =
              method === 'LIST'
                ? await ask('GET', '/crm/customers?limit=100&search=drawn', headers)
                : await ask(method, path, headers, method === 'PATCH' ? body : undefined);
            const mayWrite = rights.includes('update_customer');
            const shown = (answer.body?.data ?? [answer.body]) as Record<string, unknown>[];
            for (const { customer_id: id, ...fields } of shown.filter((it) => it && 'customer_id' in it)) {
              expect('tax_id' in fields).toBe(maySee(rows.findIndex(({ customer_id: it }) => it === id)));
            }
            if (method === 'PATCH' && 'tax_id' in body && !mayWrite) {
              expect([403, 404]).toContain(answer.status);
              if (answer.body.code === 'customers.fields_forbidden') expect(pointers(answer)).toContain('/tax_id');
              expect((await ask('GET', path, admin)).body).toEqual(before);
            }
            const now = (await ask('GET', path, admin)).body as { tax_id: string | null };
            if (!mayWrite) expect(now.tax_id).toBe(`SECRET-${row}`);
            else if (now.tax_id !== `SECRET-${row}`) await ask('PATCH', path, admin, { tax_id: `SECRET-${row}` });
          }
        }),
        { numRuns: 30 },
      );
    }, 180_000);
  });

  describe('of users', () => {
    let people: { user_id: number; email: string; name: string; isOwn: boolean }[];
    const path = '/crm/users';
    const namesIn = (answer: any) => answer.body.data.map((row: any) => row.name as string) as string[];

    beforeAll(async () => {
      people = [];
      for (const [name, email, customerId] of [
        ['Anna Smith', 'hidden.one@secret.example', own],
        ['Bert', 'anna.two@secret.example', own],
        ['carl@secret.example', 'carl@secret.example', foreign],
        ['Dora', `${'d'.repeat(64)}@secret.example`, foreign],
      ] as const) {
        const roles = { roles: ['Customer'], customer_ids: [customerId] };
        const { user_id } = await aUser(app, { name, email, ...roles });
        people.push({ user_id, email, name, isOwn: customerId === own });
      }
    });

    it('200 without the e-mail, absent and not null, in a list and alone; all else as everybody sees it', async () => {
      const whole = await walk(app, { path, as: () => admin }, 'limit=2');
      const expected = whole.map(({ email: _, ...row }) => row as object);
      expect(await walk(app, { path, as: () => basic }, 'limit=2')).toEqual(expected);
      const single = await ask('GET', `${path}/1`, basic);
      expect([single.body, single.headers.etag]).toEqual([expected[0], '"1"']);
    });

    it('201 and 200 without it in what is answered to a change', async () => {
      const body = { email: 'made@secret.example', name: 'Made' };
      const created = await ask('POST', path, basic, body);
      expect([created.status, created.text.includes('secret')]).toEqual([201, false]);
      const id = created.body.user_id as number;
      const answers = [
        await ask('PATCH', `${path}/${id}`, basic, { name: 'Made anew' }),
        await ask('PUT', `${path}/${id}/roles`, basic, { roles: [] }),
      ];
      for (const { status, text } of answers) expect([status, text.includes('secret')]).toEqual([200, false]);
    });

    it('403 naming the e-mail, and nobody is asked or told', async () => {
      const [{ user_id: id, email: present } = { user_id: 0, email: '' }] = people;
      const { headers } = await asApiKey(app, ['admin']);
      const clerk = await asApiKey(app, [
        'view_user',
        'update_basic_user',
        'view_customer',
        'create_payment',
        'view_service',
        'view_invoice',
        'view_transaction',
        'view_payment_method',
      ]);
      const answer = await ask('PATCH', `${path}/${id}`, clerk.headers, { name: 'x', email: 'mine@secret.example' });
      const problem = expectProblem(answer, 403, 'users.fields_forbidden');
      expect(problem.missing_permissions).toEqual(['update_user']);
      expect(pointers(answer)).toEqual(['/email']);
      expect((await ask('GET', `${path}/${id}`, headers)).body).toMatchObject({ name: 'Anna Smith', email: present });
      const renamed = await ask('PATCH', `${path}/${id}`, clerk.headers, { name: 'Anna Smith', status: 'active' });
      expect(renamed.status).toBe(200);
    });

    it.each([
      ['anna', ['Anna Smith']],
      ['smi', ['Anna Smith']],
      ['bert', ['Bert']],
      ['hidden', []],
      ['hidden.one@secret.example', []],
      ['secret', []],
      ['secret%20bert', []],
      ['example', []],
      ['dd', []],
      ['carl', []],
    ])('200 searching %s: names are found, e-mails are not, nor are they counted', async (search, expected) => {
      const answer = await ask('GET', `${path}?count=true&search=${search}`, basic);
      expect(namesIn(answer)).toEqual(expected);
      expect(answer.body.page.total).toBe(expected.length);
    });

    it.each(['@', '\uFF20', '\uFE6B'])(
      '200 telling nobody by a name with a guess in it (%s) whose e-mail it is',
      async (sign) => {
        const { user_id: id, email } = await aUser(app);
        const search = async (): Promise<string[]> => namesIn(await ask('GET', `${path}?search=telltale`, basic));
        for (const guess of [email, `un${email}`]) {
          const name = `Guess ${guess.replace('@', sign)} Telltale`;
          expect((await ask('PATCH', `${path}/${id}`, basic, { name })).status).toBe(200);
          expect([guess, await search()]).toEqual([guess, []]);
        }
        await ask('PATCH', `${path}/${id}`, basic, { name: 'Plain Telltale' });
        expect(await search()).toEqual(['Plain Telltale']);
        await ask('DELETE', `${path}/${id}`, admin);
      },
    );

    it('200 searching an id as a whole', async () => {
      const [{ user_id: id } = { user_id: 0 }] = people;
      expect(namesIn(await ask('GET', `${path}?search=${id}`, basic))).toEqual(['Anna Smith']);
    });

    it.each(['email', '-email'])(
      '403 naming the field for sort=%s, also with a cursor of somebody who may',
      async (sort) => {
        const cursor = (await ask('GET', `${path}?limit=1&sort=${sort}`, admin)).body.page.next_cursor as string;
        for (const query of [`sort=${sort}`, `limit=1&sort=${sort}&cursor=${cursor}`, `count=true&sort=${sort}`]) {
          const answer = await ask('GET', `${path}?${query}`, basic);
          const problem = expectProblem(answer, 403, 'users.fields_hidden');
          expect([pointers(answer), problem.missing_permissions]).toEqual([['/sort'], ['view_user']]);
        }
      },
    );

    it('200 with the e-mail of one’s own users alone, where both rights are held', async () => {
      const rights = ['view_basic_user', 'manage_own_users'];
      const { headers } = await asApiKey(app, rights, { customer_ids: [own] });
      const rows = await walk(app, { path, as: () => headers }, 'limit=100');
      expect(rows.filter((row) => 'email' in row).map((row) => row.user_id)).toEqual(
        people.filter(({ isOwn }) => isOwn).map(({ user_id: id }) => id),
      );
      expect(rows.length).toBeGreaterThan(4);
      expect(namesIn(await ask('GET', `${path}?search=secret`, headers))).toEqual(['Anna Smith', 'Bert']);
      expect(namesIn(await ask('GET', `${path}?search=anna`, headers))).toEqual(['Anna Smith', 'Bert']);
      expectProblem(await ask('GET', `${path}?sort=email`, headers), 403, 'users.fields_hidden');
      const alone = (await asApiKey(app, ['manage_own_users'], { customer_ids: [own] })).headers;
      expect(namesIn(await ask('GET', `${path}?sort=email`, alone))).toEqual(['Bert', 'Anna Smith']);
    });

    it('200 without the e-mail where rights are explained; with it for whoever may read it', async () => {
      const role = await aRole(app, ['view_metrics']);
      const holder = await asUser(app, [role]);
      const { data } = (await ask('GET', '/crm/roles?limit=100', admin)).body;
      const roleId = data.find(({ name }: any) => name === role).role_id as number;
      const questions = (headers: Credentials) => [
        ask('GET', '/crm/authz/who-can?permission=view_metrics', headers),
        ask('POST', `/crm/roles/${roleId}/preview`, headers, { permissions: ['view_job'] }),
        ask('POST', '/crm/authz/explain', headers, {
          principal: { kind: 'user', id: holder.userId },
          permission: 'view_metrics',
        }),
      ];
      const asker = (...rights: string[]) => asApiKey(app, ['explain_permission', ...rights]);
      for (const { headers } of [await asker(), await asker('view_basic_user')]) {
        for (const { status, text } of await Promise.all(questions(headers))) {
          expect([status, text.includes('@'), text.includes('"name":"User ')]).toEqual([200, false, true]);
        }
      }
      const { headers } = await asker('view_user');
      for (const { text } of await Promise.all(questions(headers))) expect(text).toContain(holder.email);
    });

    it('never lets a masked e-mail out, whatever is held and asked for', async () => {
      const words = ['secret', 'hidden', 'anna', 'smith', 'carl', 'bert', 'example', 'dd', 'one@'];
      const part = (name: string, values: readonly string[]) =>
        fc.option(fc.constantFrom(...values.map((value) => `${name}=${value}`)), { nil: '' });
      const drawn = fc.record({
        rights: fc.uniqueArray(fc.constantFrom(...USER_RIGHTS), { minLength: 1, maxLength: 3 }),
        isOwner: fc.boolean(),
        queries: fc.array(
          fc.tuple(
            part('sort', SORTS),
            part('search', words),
            part('limit', ['1', '3', '100']),
            part('count', ['true']),
          ),
          { minLength: 6, maxLength: 6 },
        ),
      });
      const whole = Array.from({ length: 6 }, (): [string, string, string, string] => ['', '', 'limit=100', '']);
      const everything = (right: string) => [{ rights: [right], isOwner: false, queries: whole }] as [any];
      const found = { hidden: 0, shown: 0 };
      await fc.assert(
        fc.asyncProperty(drawn, async ({ rights, isOwner, queries }) => {
          const headers = await aKey(rights, isOwner ? [own] : []);
          const isMine = (id: number) =>
            isOwner && rights.includes('manage_own_users') && people.some((it) => it.isOwn && it.user_id === id);
          const maySee = (id: number) => rights.includes('view_user') || isMine(id);
          const visible = rights.some((it) => it !== 'manage_own_users' && it.startsWith('view_'));
          const hidden = people.filter(({ user_id: id, name, email }) => !maySee(id) && name !== email);
          for (const parts of queries) {
            const query = parts.filter(Boolean).join('&');
            const answer = await ask('GET', `${path}?${query}`, headers);
            for (const { email } of hidden) expect(answer.text).not.toContain(email);
            if (answer.status !== 200) {
              expect([query, answer.status]).toEqual([query, 403]);
              continue;
            }
            for (const row of answer.body.data as { user_id: number; email?: string; name: string }[]) {
              expect([row.user_id, visible || isMine(row.user_id)]).toEqual([row.user_id, true]);
              expect([row.user_id, 'email' in row]).toEqual([row.user_id, maySee(row.user_id)]);
              found[maySee(row.user_id) ? 'shown' : 'hidden'] += 1;
              const word = /search=([^&]*)/.exec(query)?.[1];
              if (word === undefined || maySee(row.user_id)) continue;
              expect(` ${row.name.toLowerCase()}`.replace('@', ' ')).toContain(` ${word}`);
            }
          }
        }),
        // Whatever is drawn beside them: one who sees every e-mail, and one who sees none.
        { numRuns: 30, examples: [everything('view_user'), everything('view_basic_user')] },
      );
      expect(Math.min(found.hidden, found.shown)).toBeGreaterThan(20);
    }, 180_000);
  });

  it('201 giving the narrower right to whoever holds the wider one, 403 the other way round', async () => {
    const clerk = await asApiKey(app, ['manage_api_keys', 'view_customer', 'view_basic_user']);
    const give = (...permissions: string[]) => ask('POST', '/crm/api-keys', clerk.headers, { name: 'x', permissions });
    expect((await give('view_basic_customer', 'view_basic_user')).status).toBe(201);
    const problem = expectProblem(await give('view_user', 'view_basic_customer'), 403, 'rbac.cannot_grant');
    expect(problem.missing_permissions).toEqual(['view_user']);
  });

  it('200 explaining a field: what covers it, what would, and who can', async () => {
    const { apiKeyId: id } = await asApiKey(app, ['view_basic_customer', 'view_own_customer'], { customer_ids: [own] });
    const { customer_id: other } = await aCustomer(app);
    const explain = async (more: object) => {
      const question = { principal: { kind: 'api_key', id }, permission: 'view_customer', ...more };
      return (await ask('POST', '/crm/authz/explain', admin, question)).body;
    };
    const fields = { fields: expect.not.arrayContaining(['tax_id']), customer_ids: null };
    expect(await explain({ subject_id: other })).toMatchObject({
      allowed: true,
      because: [{ permission: 'view_basic_customer', condition: fields }],
    });
    expect(await explain({ subject_id: own, field: 'tax_id' })).toMatchObject({
      allowed: true,
      because: [{ permission: 'view_own_customer' }],
    });
    expect(await explain({ subject_id: other, field: 'tax_id' })).toMatchObject({
      allowed: false,
      because: [{ permission: 'view_basic_customer' }],
      missing: ['view_customer'],
      smallest_grant: { permission: null, customer_id: other },
      reason: 'What it holds does not cover this field here.',
    });
    const who = async (query: string) => {
      const answer = await ask('GET', `/crm/authz/who-can?permission=view_customer&limit=100&${query}`, admin);
      return answer.body.data.map((row: any) => `${row.kind} ${row.id}`) as string[];
    };
    expect(await who(`subject_id=${other}`)).toContain(`api_key ${id}`);
    expect(await who(`subject_id=${other}&field=tax_id`)).not.toContain(`api_key ${id}`);
    expect(await who(`subject_id=${own}&field=tax_id`)).toContain(`api_key ${id}`);
  });
});
