import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asApiKey, asUser, type Credentials, login } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

describe('DELETE /crm/users/{id}', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: NO_LIMITS });
    admin = (await asApiKey(app, ['admin'])).headers;
  });
  afterAll(() => app.close());

  const remove = (userId: number, headers = admin): Promise<Answer> =>
    app.ask('DELETE', `/crm/users/${userId}`, { headers });
  const get = (path: string, headers = admin): Promise<Answer> => app.ask('GET', path, { headers });

  it('204: sessions, refresh and login end, the address is free again, the id is not', async () => {
    const user = await asUser(app, ['Support']);
    await app.ask('POST', '/crm/auth/password/forgot', { body: { email: user.email } });
    const token = await tokenMailedTo(app, user.email);
    const answer = await remove(user.userId);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expectProblem(await get(`/crm/users/${user.userId}`), 404, 'users.not_found');
    expectProblem(await get('/crm/auth/whoami', user.headers), 401);
    expectProblem(await app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: user.refreshToken } }), 401);
    const reset = { token, password: 'a better horse, a newer staple' };
    expectProblem(await app.ask('POST', '/crm/auth/password/reset', { body: reset }), 401, 'users.invalid_token');
    const credentials = { email: user.email, password: user.password };
    expectProblem(await app.ask('POST', '/crm/auth/login', { body: credentials }), 401, 'auth.invalid_credentials');
    const next = await aUser(app, { email: user.email });
    expect(next.user_id).toBeGreaterThan(user.userId);
    expectProblem(await get('/crm/auth/whoami', user.headers), 401);
  });

  it('204 and what they did stays on record under their name', async () => {
    const user = await asUser(app, [await aRole(app, ['create_customer', 'view_customer'])]);
    const body = { customer_name: 'Kept' };
    const made = await app.ask('POST', '/crm/customers', { headers: user.headers, body });
    await app.flushAccessLog();
    expect((await remove(user.userId)).status).toBe(204);
    const query = `actor_kind=user&actor_id=${user.userId}`;
    const changes = (await get(`/crm/audit-logs?${query}`)).body.data as { event: string; actor: object }[];
    expect(changes).toContainEqual(
      expect.objectContaining({
        event: 'customer.created',
        actor: { kind: 'user', id: user.userId, name: user.email },
      }),
    );
    const calls = (await get(`/crm/access-logs?${query}`)).body.data as { request_id: string; actor: object }[];
    expect(calls).toContainEqual(
      expect.objectContaining({
        request_id: made.headers['x-request-id'],
        actor: { kind: 'user', id: user.userId, name: user.email },
      }),
    );
  });

  it('204: their keys keep the name of who made them; those that are bound die', async () => {
    const user = await asUser(app, [await aRole(app, ['manage_api_keys', 'view_customer'])]);
    const key = async (bound_to_creator: boolean): Promise<{ api_key_id: number; api_key: string }> => {
      const body = { name: 'Theirs', permissions: ['view_customer'], bound_to_creator };
      return (await app.ask('POST', '/crm/api-keys', { headers: user.headers, body })).body;
    };
    const [free, bound] = [await key(false), await key(true)];
    const statusWith = async (api_key: string): Promise<number> =>
      (await get('/crm/customers', { 'x-api-key': api_key })).status;
    expect([await statusWith(free.api_key), await statusWith(bound.api_key)]).toEqual([200, 200]);
    expect((await remove(user.userId)).status).toBe(204);
    expect([await statusWith(free.api_key), await statusWith(bound.api_key)]).toEqual([200, 401]);
    for (const { api_key_id: id } of [free, bound]) {
      expect((await get(`/crm/api-keys/${id}`)).body.created_by).toBe(user.email);
    }
  });

  it('409 for oneself, and for the last administrator', async () => {
    const self = await asAdmin(app);
    const { id } = (await get('/crm/auth/whoami', self)).body;
    expectProblem(await remove(id, self), 409, 'users.self_removal');
    expectProblem(await remove(id), 409, 'users.last_administrator');
    const other = await aUser(app, { roles: ['Admin'] });
    expect((await remove(other.user_id, self)).status).toBe(204);
  });

  it('409 for one of two administrators who delete each other at once', async () => {
    const self = await asAdmin(app);
    const { id } = (await get('/crm/auth/whoami', self)).body;
    const other = await asUser(app, ['Admin']);
    const answers = await Promise.all([remove(id, other.headers), remove(other.userId, self)]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 204)).toHaveLength(1);
    const left = (await get('/crm/users?status=active&limit=100')).body.data as { roles: string[] }[];
    expect(left.filter(({ roles }) => roles.includes('Admin'))).toHaveLength(1);
    // Whichever of them was left, the others need the first one again.
    if (statuses[0] === 204) {
      await aUser(app, { email: 'admin@example.com', password: 'an administrator of tests', roles: ['Admin'] });
      expect((await login(app, 'admin@example.com', 'an administrator of tests')).token).toBeDefined();
    }
  });

  it('403 for who lacks a right or a customer of the target, and nothing changes', async () => {
    const { customer_id: customerId } = await aCustomer(app);
    const helper = await asUser(app, [await aRole(app, ['delete_user'])]);
    const above = await aUser(app, { roles: ['Support'] });
    const foreign = await aUser(app, { customer_ids: [customerId] });
    const refused = await remove(above.user_id, helper.headers);
    expectProblem(refused, 403, 'users.target_above_you');
    expect((await recordsOfRequest(app, refused)).map(({ event }) => event)).toEqual(['authz_fail']);
    expectProblem(await remove(foreign.user_id, helper.headers), 403, 'users.foreign_customers');
    for (const { user_id: id } of [above, foreign]) expect((await get(`/crm/users/${id}`)).status).toBe(200);
    expect((await remove((await aUser(app)).user_id, helper.headers)).status).toBe(204);
  });

  it('404 for nobody, and for who was deleted before', async () => {
    const { user_id: userId } = await aUser(app);
    expect((await remove(userId)).status).toBe(204);
    for (const id of [userId, 999_999]) expectProblem(await remove(id), 404, 'users.not_found');
    expectProblem(await app.ask('DELETE', '/crm/users/x', { headers: admin }), 400, 'request.invalid');
  });

  it('412 for who has seen another version', async () => {
    const { user_id: userId } = await aUser(app);
    expectProblem(await remove(userId, { ...admin, 'if-match': '"7"' }), 412);
    expect((await remove(userId, { ...admin, 'if-match': '"1"' })).status).toBe(204);
  });

  let target = 0;
  itIsAudited(() => app, {
    event: 'user.deleted',
    subjectType: 'user',
    subjectId: () => target,
    act: () => remove(target),
    before: { email: expect.any(String), name: 'Gone', status: 'active', roles: ['Support'], customer_ids: [] },
    after: null,
  });
  beforeEach(async () => {
    target = (await aUser(app, { name: 'Gone', roles: ['Support'] })).user_id;
  });

  const routes = [{ method: 'DELETE', path: '/crm/users/1' }];
  itNeedsAuthentication(() => app, routes);
  itNeedsPermission(() => app, 'delete_user', routes);
});
