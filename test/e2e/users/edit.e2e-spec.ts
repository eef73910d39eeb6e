import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aUser } from '../../support/factories/users.js';
import { asApiKey, asUser, type Credentials, login } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

describe('one user', () => {
  let app: TestApp;
  let admin: Credentials;
  let id: number;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = (await asApiKey(app, ['admin'])).headers;
    id = (await aUser(app, { name: 'First' })).user_id;
  });
  afterAll(() => app.close());

  const get = (userId: number) => app.ask('GET', `/crm/users/${userId}`, { headers: admin });
  const patch = (userId: number | string, body: unknown, headers: Credentials = admin) =>
    app.ask('PATCH', `/crm/users/${userId}`, { headers, body });
  const setRoles = (userId: number | string, body: unknown, headers: Credentials = admin) =>
    app.ask('PUT', `/crm/users/${userId}/roles`, { headers, body });

  const edit = { method: 'PATCH', path: () => `/crm/users/${id}`, body: { name: 'x' } };
  const assign = { method: 'PUT', path: () => `/crm/users/${id}/roles`, body: { roles: [] } };
  itNeedsAuthentication(() => app, [edit, assign]);
  itNeedsPermission(() => app, 'update_user', [edit]);
  itNeedsPermission(() => app, 'assign_role', [assign]);

  itIsAudited(() => app, {
    event: 'user.updated',
    subjectType: 'user',
    subjectId: () => id,
    act: () => patch(id, { name: 'Second', status: 'active' }),
    before: { name: 'First' },
    after: { name: 'Second' },
  });
  itIsAudited(() => app, {
    event: 'user.updated',
    subjectType: 'user',
    subjectId: () => id,
    act: () => setRoles(id, { roles: ['Finance', 'support'] }),
    before: { roles: [] },
    after: { roles: ['Support', 'Finance'] },
  });

  it('200 changing what is given; the new name is found, the old one no more', async () => {
    const user = await aUser(app, { name: 'Zebrafink' });
    const { customer_id: customerId } = await aCustomer(app);
    app.clock.advance(1_000);
    const answer = await patch(user.user_id, { name: 'Goldammer', customer_ids: [customerId] });
    const expected = { ...user, name: 'Goldammer', customer_ids: [customerId], updated: app.clock.instant() };
    expect([answer.body, answer.headers.etag]).toEqual([expected, '"2"']);
    const found = async (text: string) =>
      (await app.ask('GET', `/crm/users?search=${text}`, { headers: admin })).body.data.length as number;
    expect([await found('zebrafink'), await found('goldammer')]).toEqual([0, 1]);
  });

  it('200 for a change that changes nothing, which is no change', async () => {
    const ids = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    const user = await aUser(app, { roles: ['Support', 'Finance'], customer_ids: ids });
    const before = await get(user.user_id);
    app.clock.advance(1_000);
    const answers = [
      await patch(user.user_id, {}),
      await patch(user.user_id, { name: user.name, status: 'active', customer_ids: ids.toReversed() }),
      await setRoles(user.user_id, { roles: ['finance', 'Support'] }),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.body, answer.headers.etag]).toEqual([200, before.body, before.headers.etag]);
      expect(await recordsOfRequest(app, answer)).toEqual([]);
    }
  });

  it('204 without the row for somebody who may edit but not see, and the change is made', async () => {
    const { user_id: own } = await aUser(app);
    const { headers } = await asApiKey(app, ['update_user', 'assign_role']);
    for (const answer of [await patch(own, { name: 'Unseen' }, headers), await setRoles(own, { roles: [] }, headers)]) {
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([204, '', undefined]);
    }
    expect((await get(own)).body.name).toBe('Unseen');
  });

  it.each(['"1"', '*', '"5", "1"'])('200 when If-Match: %s matches, 412 when it does no longer', async (tag) => {
    const { user_id: own } = await aUser(app);
    expect((await patch(own, { name: 'x' }, { ...admin, 'if-match': tag })).status).toBe(200);
    for (const stale of ['"1"', 'W/"2"']) {
      const headers = { ...admin, 'if-match': stale };
      expectProblem(await patch(own, { name: 'y' }, headers), 412, 'request.precondition_failed');
      expectProblem(await setRoles(own, { roles: ['Support'] }, headers), 412, 'request.precondition_failed');
    }
    expect((await get(own)).body).toMatchObject({ name: 'x', roles: [] });
  });

  it('400 naming what an edit does not take: password and roles have their own ways', async () => {
    const body = {
      email: 'a@b.example',
      password: 'a long enough password',
      roles: ['Admin'],
      user_id: 1,
      status: 'invited',
    };
    const answer = await patch(id, { ...body, name: null });
    expect(pointers(answer).toSorted()).toEqual(['/name', '/password', '/roles', '/status', '/user_id']);
    expect(pointers(await setRoles(id, {}))).toEqual(['/roles']);
    expect(pointers(await setRoles(id, { roles: ['Emperor'], name: 'x' }))).toEqual(['/name']);
    expect(pointers(await setRoles(id, { roles: ['Emperor'] }))).toEqual(['/roles/0']);
  });

  it('404 for an absent one, 400 for what is no id', async () => {
    expectProblem(await patch(999_999, {}), 404, 'users.not_found');
    expectProblem(await setRoles(999_999, { roles: [] }), 404, 'users.not_found');
    for (const malformed of ['0', '01', 'abc', '9007199254740993']) {
      expectProblem(await patch(malformed, {}), 400);
      expectProblem(await setRoles(malformed, { roles: [] }), 400);
    }
  });

  it('401 on the very next request of a deactivated user, and for its old token for ever', async () => {
    const user = await asUser(app, ['Support']);
    const list = (headers: Credentials) => app.ask('GET', '/crm/customers', { headers });
    expect((await list(user.headers)).status).toBe(200);
    expect((await patch(user.userId, { status: 'deactivated' })).body.status).toBe('deactivated');
    expectProblem(await list(user.headers), 401);
    const again = { body: { email: user.email, password: user.password } };
    expectProblem(await app.ask('POST', '/crm/auth/login', again), 401);
    app.clock.advance(1_000);
    expect((await patch(user.userId, { status: 'active' })).body.status).toBe('active');
    expectProblem(await list(user.headers), 401);
    const refresh = { body: { refresh_token: user.refreshToken } };
    expectProblem(await app.ask('POST', '/crm/auth/refresh', refresh), 401);
    expect((await list((await login(app, user.email, user.password)).headers)).status).toBe(200);
  });

  it('200 with other roles and customers on the very next request', async () => {
    const mine = await aCustomer(app);
    const user = await asUser(app, ['Support']);
    const seen = async () => {
      const answer = await app.ask('GET', '/crm/customers?limit=100', { headers: user.headers });
      return answer.status === 200 ? (answer.body.data.length as number) : answer.status;
    };
    expect(await seen()).toBeGreaterThan(1);
    await setRoles(user.userId, { roles: ['Customer'] });
    expect(await seen()).toBe(0);
    await patch(user.userId, { customer_ids: [mine.customer_id] });
    expect(await seen()).toBe(1);
    await setRoles(user.userId, { roles: [] });
    expect(await seen()).toBe(403);
  });

  it('200 for each of many edits at once, and each has its record', async () => {
    const { user_id: own } = await aUser(app);
    const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => patch(own, { name: `N${index}` })));
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect((await get(own)).headers.etag).toBe('"7"');
    for (const answer of answers) expect(await recordsOfRequest(app, answer)).toHaveLength(1);
  });
});
