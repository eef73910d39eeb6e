import fc from 'fast-check';
import { Database } from '../../../src/platform/database/database.js';
import { UsersRepository } from '../../../src/users/users.repository.js';
import { type Answer, TestApp } from '../../support/app.js';
import { itHidesForeignRows } from '../../support/contracts/foreign-rows.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole, regrant } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { mailsTo, tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asApiKey, asUser, type Credentials, login, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

const PATH = '/crm/users';
const PASSWORD = 'a password that nobody needs';

/** `manage_own_users`: whoever runs a customer's account looks after its users, and after nobody else. */
describe('users of one’s own customers', () => {
  let app: TestApp;
  let admin: Credentials;
  let boss: UserHolder;
  let mine: number[];
  let foreign: number;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    mine = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    foreign = (await aCustomer(app)).customer_id;
    boss = await asUser(app, ['Customer Admin'], mine);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    admin = await asAdmin(app);
  });

  const ask = (method: string, path: string, body?: unknown, headers: Credentials = boss.headers) =>
    app.ask(method, `${PATH}${path}`, { headers, ...(body === undefined ? {} : { body }) });
  const member = (more: object = {}) => aUser(app, { roles: ['Customer'], customer_ids: [mine[0] ?? 0], ...more });
  const stored = async (id: number) => (await ask('GET', `/${id}`, undefined, admin)).body;
  const address = () => `colleague${(counter += 1)}@example.com`;
  const invite = (more: object) => ask('POST', '', { email: address(), name: 'Colleague', ...more });
  const whoever = async (more: object) => (await aUser(app, more)).user_id;

  describe('seen', () => {
    let own: number;
    let shared: number;

    beforeAll(async () => {
      own = (await member()).user_id;
      shared = await whoever({ roles: ['Customer'], customer_ids: [mine[0], foreign] });
    });

    for (const [what, id] of [
      ['of an own and another customer', () => shared],
      ['of no customer', () => boss.userId],
    ] as const) {
      describe(`beside one ${what}`, () => {
        itHidesForeignRows(() => app, {
          path: PATH,
          id: 'user_id',
          as: () => boss.headers,
          own: () => own,
          foreign: id,
          actions: [{ method: 'PATCH', body: { name: 'mine now' } }, { method: 'DELETE' }],
        });
      });
    }

    it('404 for whatever is tried on anybody else, as on nobody; nothing changes and nobody is written to', async () => {
      const strong = await aRole(app, ['view_own_customer']);
      const others = [
        shared,
        boss.userId,
        1,
        await whoever({ roles: ['Customer'] }),
        await whoever({ customer_ids: mine }),
        await whoever({ roles: ['Customer'], customer_ids: [foreign] }),
        await whoever({ roles: ['Customer', 'Customer Admin'], customer_ids: mine }),
        await whoever({ roles: ['Customer Admin'], customer_ids: mine }),
        await whoever({ roles: [strong], customer_ids: mine }),
      ];
      for (const id of others) {
        const [before, records] = [await stored(id), await countRecords(app)];
        const answers = [
          await ask('GET', `/${id}`),
          await ask('PATCH', `/${id}`, { email: address() }),
          await ask('PATCH', `/${id}`, { customer_ids: mine }),
          await ask('PATCH', `/${id}`, { status: 'deactivated' }),
          await ask('POST', `/${id}/reset-password`),
          await ask('DELETE', `/${id}`),
        ];
        for (const answer of answers) expectProblem(answer, 404, 'users.not_found');
        expect(await stored(id)).toEqual(before);
        expect(await countRecords(app)).toBe(records);
        const question = { principal: { kind: 'user', id: boss.userId }, method: 'GET', path: `${PATH}/${id}` };
        const said = await app.ask('POST', '/crm/authz/explain', { headers: admin, body: question });
        expect(said.body).toMatchObject({ allowed: false, because: [{ permission: 'manage_own_users' }] });
      }
    });

    // SQLite lets one transaction begin after another.
    const onMariadb = globalThis.testDatabaseKind === 'mariadb' ? it : () => undefined;
    onMariadb('404 once somebody became another’s while the edit waited for them', async () => {
      const id = (await member()).user_id;
      const users = app.get(UsersRepository);
      const edit = await app.get(Database).transaction(async () => {
        await users.findForUpdate(id);
        await users.setCustomers(id, [foreign]);
        const asked = Promise.withResolvers<void>();
        for (const name of ['lock', 'findForUpdate'] as const) {
          const real = users[name].bind(users) as (userId: number) => Promise<any>;
          jest.spyOn(users, name).mockImplementation((userId: number) => {
            asked.resolve();
            return real(userId);
          });
        }
        const answer = ask('PATCH', `/${id}`, { name: 'still mine' });
        await asked.promise;
        return { answer };
      });
      expectProblem(await edit.answer, 404, 'users.not_found');
      jest.restoreAllMocks();
      expect(await stored(id)).toMatchObject({ name: expect.not.stringContaining('mine'), customer_ids: [foreign] });
    });

    it('200 with nobody, and 404 for everybody, without customers; the same for a key', async () => {
      const lonely = await asUser(app, ['Customer Admin']);
      const key = await asApiKey(app, ['manage_own_users']);
      for (const { headers } of [lonely, key]) {
        for (const query of ['?count=true', '?count=true&search=example', '?count=true&status=active&sort=-email']) {
          const { body } = await ask('GET', query, undefined, headers);
          expect([body.data, body.page.total]).toEqual([[], 0]);
        }
        expectProblem(await ask('GET', `/${own}`, undefined, headers), 404, 'users.not_found');
        const body = { email: address(), name: 'x', roles: [] };
        expectProblem(await ask('POST', '', body, headers), 403, 'users.beyond_your_customers');
      }
    });

    it('200 in list, count and search: those of one’s own customers in the role Customer, whoever else there is', async () => {
      const ties = [mine[0] ?? 0, mine[1] ?? 0, foreign];
      const drawn = fc.array(
        fc.record({ customers: fc.subarray(ties), roles: fc.subarray(['Customer', 'Customer Admin', 'Finance']) }),
        { minLength: 4, maxLength: 8 },
      );
      await fc.assert(
        fc.asyncProperty(drawn, fc.subarray(ties), async (people, owned) => {
          const key = { name: 'drawn', permissions: ['manage_own_users'], customer_ids: owned };
          const made = await app.ask('POST', '/crm/api-keys', { headers: admin, body: key });
          const headers = { 'x-api-key': made.body.api_key as string };
          const batch = `batch${(counter += 1)}`;
          const expected: number[] = [];
          for (const { customers, roles } of people) {
            const id = await whoever({ name: batch, roles, customer_ids: customers, password: undefined });
            const isOwn = customers.length > 0 && customers.every((customer) => owned.includes(customer));
            if (isOwn && roles.join() === 'Customer') expected.push(id);
          }
          for (const query of [`search=${batch}`, `search=${batch}&sort=user_id&status=invited`]) {
            const { body } = await ask('GET', `?count=true&limit=100&${query}`, undefined, headers);
            expect(body.data.map((row: any) => row.user_id as number)).toEqual(expected);
            expect(body.page.total).toBe(expected.length);
          }
        }),
        { numRuns: 15 },
      );
    }, 180_000);
  });

  describe('made', () => {
    it('201 inviting: into the role Customer, said or not, and mailed', async () => {
      for (const more of [{ customer_ids: mine }, { customer_ids: [mine[1]], roles: ['customer'] }]) {
        const answer = await invite(more);
        expect([answer.status, answer.body.roles, answer.body.status]).toEqual([201, ['Customer'], 'invited']);
        expect(answer.body.customer_ids).toEqual(more.customer_ids);
        expect(await mailsTo(app, answer.body.email as string)).toHaveLength(1);
        expect((await ask('GET', `/${answer.body.user_id}`)).status).toBe(200);
      }
    });

    const refused = (more: () => object) => async () => {
      const email = address();
      const answer = await ask('POST', '', { email, name: 'x', ...more() });
      expect((await ask('GET', `?search=${email}`, undefined, admin)).body.data).toEqual([]);
      expect(await mailsTo(app, email)).toEqual([]);
      return answer;
    };
    it.each([
      [
        'its own role',
        () => ({ roles: ['Customer Admin'], customer_ids: mine }),
        'users.beyond_your_customers',
        '/roles',
      ],
      [
        'a role beside',
        () => ({ roles: ['Customer', 'Customer Admin'], customer_ids: mine }),
        'users.beyond_your_customers',
        '/roles',
      ],
      ['no role', () => ({ roles: [], customer_ids: mine }), 'users.beyond_your_customers', '/roles'],
      ['no customer', () => ({ customer_ids: [] }), 'users.beyond_your_customers', '/customer_ids'],
      ['no word of customers', () => ({ roles: ['Customer'] }), 'users.beyond_your_customers', '/customer_ids'],
      ['a stronger role', () => ({ roles: ['Support'], customer_ids: mine }), 'rbac.cannot_grant', undefined],
      ['a foreign customer', () => ({ customer_ids: [mine[0], foreign] }), 'rbac.cannot_grant', undefined],
    ] as const)('403 with %s', async (_, more, code, pointer) => {
      const answer = await refused(more)();
      expectProblem(answer, 403, code);
      if (pointer !== undefined) expect(pointers(answer)).toEqual([pointer]);
      expect(await recordsOfRequest(app, answer)).toMatchObject([{ event: 'authz_fail' }]);
    });

    it('403 for a foreign customer that one may see, by a right that is not about users', async () => {
      const rights = ['manage_own_users', 'view_customer', 'view_service', 'view_invoice', 'view_transaction'];
      const more = ['view_payment_method', 'create_payment'];
      const { headers } = await asApiKey(app, [...rights, ...more], { customer_ids: mine });
      const answer = await ask('POST', '', { email: address(), name: 'x', customer_ids: [foreign] }, headers);
      expectProblem(answer, 403, 'users.beyond_your_customers');
      const { user_id: id } = await member();
      const moved = await ask('PATCH', `/${id}`, { customer_ids: [mine[0], foreign] }, headers);
      expectProblem(moved, 403, 'users.beyond_your_customers');
      expect((await stored(id)).customer_ids).toEqual([mine[0]]);
    });
  });

  describe('changed', () => {
    it('200 editing, moving between one’s own customers, deactivating, activating; 204 deleting and mailing a link', async () => {
      const { user_id: id, email } = await member();
      const session = await login(app, email, PASSWORD);
      const edited = await ask('PATCH', `/${id}`, { name: 'Other', customer_ids: mine });
      expect([edited.status, edited.body.name, edited.body.customer_ids]).toEqual([200, 'Other', mine]);
      expect((await ask('POST', `/${id}/reset-password`)).status).toBe(204);
      expect(await mailsTo(app, email)).toHaveLength(1);
      expect((await ask('PATCH', `/${id}`, { status: 'deactivated' })).body.status).toBe('deactivated');
      expectProblem(await app.ask('GET', '/crm/auth/whoami', { headers: session.headers }), 401);
      expect((await ask('PATCH', `/${id}`, { status: 'active' })).body.status).toBe('active');
      expect((await ask('DELETE', `/${id}`)).status).toBe(204);
      expectProblem(await ask('GET', `/${id}`), 404, 'users.not_found');
    });

    it.each([
      ['403 leaving it without a customer', () => ({ customer_ids: [] }), 403],
      ['400 giving it a foreign customer', () => ({ customer_ids: [mine[0], foreign] }), 400],
      ['400 giving it roles', () => ({ roles: ['Customer Admin'] }), 400],
      ['400 giving it a password', () => ({ password: 'a password that I know' }), 400],
      ['400 proving its second factor away', () => ({ two_factor_enabled: false }), 400],
      ['400 giving it another id', () => ({ user_id: 1 }), 400],
    ] as const)('%s', async (_, body, status) => {
      const { user_id: id } = await member();
      const before = await stored(id);
      expectProblem(await ask('PATCH', `/${id}`, { name: 'x', ...body() }), status);
      expect(await stored(id)).toEqual(before);
    });

    it('403 for its roles, sessions and second factor: these are other rights', async () => {
      const { user_id: id } = await member();
      const answers: [Answer, string][] = [
        [await ask('PUT', `/${id}/roles`, { roles: ['Customer Admin'] }), 'assign_role'],
        [await ask('PUT', `/${id}/roles`, { roles: ['Customer'] }), 'assign_role'],
        [await ask('DELETE', `/${id}/sessions`), 'end_user_session'],
        [await app.ask('POST', `/crm/2fa/reset/user/${id}`, { headers: boss.headers }), 'reset_user_2fa'],
      ];
      for (const [answer, permission] of answers) {
        expect(expectProblem(answer, 403, 'rbac.missing_permission').missing_permissions).toEqual([permission]);
      }
    });

    it('403 acting on a user whose role grants what one lacks', async () => {
      const { user_id: id } = await member();
      const customer = (await app.ask('GET', '/crm/roles?search=customer', { headers: admin })).body.data;
      const { permissions } = customer.find(({ name }: any) => name === 'Customer');
      await regrant(app, 'Customer', [...permissions, 'view_metrics']);
      const answer = await ask('PATCH', `/${id}`, { name: 'x' });
      await regrant(app, 'Customer', permissions as string[]);
      expectProblem(answer, 403, 'users.target_above_you');
    });
  });

  describe('and a new e-mail followed by a forgotten password', () => {
    const verify = (token: string) => app.ask('POST', '/crm/auth/verify-email', { body: { token } });
    const asked = async (id: number) => {
      const email = address();
      expect((await ask('PATCH', `/${id}`, { email })).status).toBe(200);
      return { email, token: await tokenMailedTo(app, email) };
    };

    it('204 for a colleague, who is told at the present address', async () => {
      const { user_id: id, email } = await member();
      const { token, email: wanted } = await asked(id);
      expect((await mailsTo(app, email))[0]?.text).toContain(wanted);
      expect((await verify(token)).status).toBe(204);
      expect((await stored(id)).email).toBe(wanted);
    });

    it.each([
      ['joined another customer', (id: number) => ask('PATCH', `/${id}`, { customer_ids: [...mine, foreign] }, admin)],
      [
        'got a role of one’s own strength',
        (id: number) => ask('PUT', `/${id}/roles`, { roles: ['Customer Admin'] }, admin),
      ],
      ['lost the role', (id: number) => ask('PUT', `/${id}/roles`, { roles: [] }, admin)],
    ] as const)('401 once the colleague %s meanwhile', async (_, change) => {
      const { user_id: id, email } = await member();
      const { token } = await asked(id);
      expect((await change(id)).status).toBe(200);
      expectProblem(await verify(token), 401, 'users.invalid_token');
      expect((await stored(id)).email).toBe(email);
    });

    it('401 once the asker may no longer look after users, whatever else is left', async () => {
      const role = await aRole(app, ['manage_own_users']);
      const asker = await asUser(app, [role, 'Customer'], mine);
      const { user_id: id, email } = await member();
      const wanted = address();
      expect((await ask('PATCH', `/${id}`, { email: wanted }, asker.headers)).status).toBe(200);
      const token = await tokenMailedTo(app, wanted);
      expect((await ask('PUT', `/${asker.userId}/roles`, { roles: ['Customer'] }, admin)).status).toBe(200);
      expectProblem(await verify(token), 401, 'users.invalid_token');
      expect((await stored(id)).email).toBe(email);
    });
  });
});
