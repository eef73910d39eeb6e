import { fold } from '../../../src/common/text.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itPaginates } from '../../support/contracts/pages.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, type Credentials, login } from '../../support/principals.js';

const EMAILS = ['Zoe@example.com', 'anna.smith@example.org', 'BOB_1@example.com', 'é@example.com', 'p%x@example.com'];

describe('GET /crm/users', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    for (const [index, email] of EMAILS.entries()) {
      await aUser(app, { email, name: `Person ${index % 2}`, password: 'a long enough password' });
      if (index % 2 === 0) app.clock.advance(60_000);
      if (index > 2) await login(app, email, 'a long enough password');
    }
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const list = (query: string) => app.ask('GET', `/crm/users?${query}`, { headers: admin });
  const emails = async (query: string) =>
    (await list(query)).body.data.map((row: any) => row.email as string) as string[];

  const route = { method: 'GET', path: '/crm/users' };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'view_user', [route, { method: 'GET', path: '/crm/users/1' }]);
  itPaginates(() => app, {
    path: '/crm/users',
    id: 'user_id',
    as: () => admin,
    sorts: {
      user_id: (row) => row.user_id as number,
      email: (row) => fold(row.email as string),
      created: (row) => row.created as string,
      last_login_at: (row) => row.last_login_at as string | null,
    },
    defaultSort: 'user_id',
  });

  it.each([
    ['search=anna', ['anna.smith@example.org']],
    ['search=SMITH%20person', ['anna.smith@example.org']],
    ['search=zo%20person', ['Zoe@example.com']],
    ['search=oe', []],
    ['search=p%25', ['p%x@example.com']],
    ['search=%25', []],
    ['search=bob_', ['BOB_1@example.com']],
    ['search=bob%25', []],
    ['search=!', []],
    ['search=%5C', []],
    ['search=argon2id', []],
    ['status=deactivated', []],
    ['status=invited', []],
  ])('200 %s', async (query, expected) => {
    expect(await emails(query)).toEqual(expected);
  });

  it('200 searching an id as a whole', async () => {
    const { data } = (await list('limit=2')).body;
    const [, second] = data;
    expect(await emails(`search=${second.user_id}`)).toContain(second.email);
    expect(await emails(`search=0${second.user_id}`)).toEqual([]);
  });

  it('200 without a digest, a secret or anything that is not documented', async () => {
    for (const row of (await list('limit=100')).body.data) {
      expect(Object.keys(row as object)).toEqual([
        ...['user_id', 'email', 'name', 'status', 'roles', 'customer_ids', 'two_factor_enabled', 'last_login_at'],
        ...['created', 'updated'],
      ]);
    }
  });

  it.each(['sort=password_digest', 'sort=name', 'status=gone', 'search=', 'email=a@b.example', 'role=Admin'])(
    '400 for %s',
    async (query) => {
      const answer = await list(query);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual([`/${query.split('=', 1)[0]}`]);
    },
  );

  it.each(['0', '-1', '1e3', '01', '+1', '9007199254740993', 'abc', '%00'])('400 for the id %s', async (id) => {
    const answer = await app.ask('GET', `/crm/users/${id}`, { headers: admin });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(['/user_id']);
  });

  it('404 for an absent one', async () => {
    expectProblem(await app.ask('GET', '/crm/users/999999', { headers: admin }), 404, 'users.not_found');
  });
});
