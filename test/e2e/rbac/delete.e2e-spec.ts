import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

describe('roles: delete', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const get = async (path: string) => (await app.ask('GET', path, { headers: admin })).body;
  const made = async (permissions: string[]) => {
    const name = await aRole(app, permissions);
    const { data } = await get('/crm/roles?sort=-role_id&limit=1');
    return { name, id: data[0].role_id as number };
  };
  const remove = (id: number, replacement?: number | string, headers: Credentials = admin) => {
    const query = replacement === undefined ? '' : `?replacement_role_id=${replacement}`;
    return app.ask('DELETE', `/crm/roles/${id}${query}`, { headers });
  };

  const route = { method: 'DELETE', path: '/crm/roles/2' };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'delete_role', [route]);

  let doomed = 0;
  itIsAudited(() => app, {
    event: 'role.deleted',
    subjectType: 'role',
    act: async () => remove((doomed = (await made(['view_customer'])).id)),
    subjectId: () => doomed,
    after: null,
  });

  it('204 for a role that nobody has; then it is not there any more', async () => {
    const { id, name } = await made(['view_customer']);
    const answer = await remove(id);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expectProblem(await remove(id), 404, 'rbac.role_not_found');
    expect((await app.ask('GET', `/crm/roles/${id}`, { headers: admin })).status).toBe(404);
    const body = { name, permissions: ['view_customer'] };
    expect((await app.ask('POST', '/crm/roles', { headers: admin, body })).status).toBe(201);
  });

  it('409 for every built-in role, with and without a replacement', async () => {
    const { id } = await made(['view_customer']);
    for (const builtIn of [1, 2, 3, 4, 5]) {
      expectProblem(await remove(builtIn), 409, 'rbac.built_in');
      expectProblem(await remove(builtIn, id), 409, 'rbac.built_in');
    }
  });

  it('409 saying how many have it, deactivated users and expired keys included, revoked keys not', async () => {
    const { id, name } = await made(['view_customer']);
    const [user] = [await aUser(app, { roles: [name] }), await aUser(app, { roles: [name] })];
    const gone = await asApiKey(app, [], { roles: [name] });
    await app.ask('PATCH', `/crm/users/${user.user_id}`, { headers: admin, body: { status: 'deactivated' } });
    const soon = app.clock.instant(60_000);
    await asApiKey(app, [], { roles: [name], expiry_date: soon });
    app.clock.advance(120_000);
    await app.ask('DELETE', `/crm/api-keys/${gone.apiKeyId}`, { headers: admin });
    const problem = expectProblem(await remove(id), 409, 'rbac.role_assigned');
    expect(problem.detail).toContain(`${name} is assigned to 2 users and 1 API key:`);
  });

  it('204 for a role that only revoked keys had', async () => {
    const { id, name } = await made(['view_customer']);
    const { apiKeyId } = await asApiKey(app, [], { roles: [name] });
    await app.ask('DELETE', `/crm/api-keys/${apiKeyId}`, { headers: admin });
    expect((await remove(id)).status).toBe(204);
    expect((await get(`/crm/api-keys/${apiKeyId}`)).roles).toEqual([]);
  });

  it('204 with a replacement: users and keys have it at once, each is recorded, and their versions grow', async () => {
    const [old, other, next] = [await made(['view_site']), await made(['view_role']), await made(['view_customer'])];
    const user = await asUser(app, [old.name, other.name]);
    const both = await aUser(app, { roles: [next.name, old.name] });
    const key = await asApiKey(app, ['view_service'], { roles: [old.name] });
    expect((await app.ask('GET', '/crm/customers', { headers: user.headers })).status).toBe(403);
    const answer = await remove(old.id, next.id);
    expect(answer.status).toBe(204);
    expect((await get(`/crm/users/${user.userId}`)).roles).toEqual([other.name, next.name]);
    expect((await get(`/crm/users/${both.user_id}`)).roles).toEqual([next.name]);
    expect((await get(`/crm/api-keys/${key.apiKeyId}`)).roles).toEqual([next.name]);
    for (const { headers } of [user, key])
      expect((await app.ask('GET', '/crm/customers', { headers })).status).toBe(200);
    const single = await app.ask('GET', `/crm/users/${user.userId}`, { headers: admin });
    expect(single.headers.etag).toBe('"2"');
    const records = await recordsOfRequest(app, answer);
    expect(records.map(({ event, subjectId }) => [event, subjectId])).toEqual([
      ['user.updated', user.userId],
      ['user.updated', both.user_id],
      ['api_key.updated', key.apiKeyId],
      ['role.deleted', old.id],
    ]);
    expect(records[0]).toMatchObject({
      before: { roles: [old.name, other.name] },
      after: { roles: [other.name, next.name] },
    });
    expect(records[3]).toMatchObject({
      before: { name: old.name, description: null, permissions: ['view_site'] },
      after: { replacement: next.name },
    });
  });

  it('400 for a replacement that is absent, the role itself, or no id; and nothing is changed', async () => {
    const { id } = await made(['view_customer']);
    const earlier = await countRecords(app);
    for (const wrong of [id, 999_999, 'x', '', '0']) {
      const answer = await remove(id, wrong);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/replacement_role_id']);
    }
    expect(pointers(await app.ask('DELETE', `/crm/roles/${id}?force=true`, { headers: admin }))).toEqual(['/force']);
    expect(await countRecords(app)).toBe(earlier);
  });

  it('412 when somebody was faster', async () => {
    const { id } = await made(['view_customer']);
    expectProblem(await remove(id, undefined, { ...admin, 'if-match': '"7"' }), 412);
    expect((await remove(id, undefined, { ...admin, 'if-match': '"1"' })).status).toBe(204);
  });

  it('403 when the replacement grants what the deleter lacks, even with nobody to receive it', async () => {
    const { headers } = await asApiKey(app, ['delete_role', 'view_customer']);
    const [old, next] = [await made(['view_customer']), await made(['view_customer', 'view_service'])];
    for (const replacement of [next.id, 1]) {
      expectProblem(await remove(old.id, replacement, headers), 403, 'rbac.cannot_grant');
    }
    expect((await remove(old.id, undefined, headers)).status).toBe(204);
  });

  it('403 when one of the holders has more than the deleter; nobody is moved then', async () => {
    const { headers } = await asApiKey(app, ['delete_role', 'view_customer', 'view_site']);
    const [old, next] = [await made(['view_customer']), await made(['view_site'])];
    const equal = await aUser(app, { roles: [old.name] });
    const above = await aUser(app, { roles: [old.name, 'Admin'] });
    expectProblem(await remove(old.id, next.id, headers), 403, 'users.target_above_you');
    for (const { user_id: id, roles } of [equal, above]) {
      expect((await get(`/crm/users/${id}`)).roles.toSorted()).toEqual(roles.toSorted());
    }
  });

  it('403 when a holder belongs to customers that the deleter does not have', async () => {
    const [own, foreign] = [await aCustomer(app), await aCustomer(app)];
    const rights = ['delete_role', 'view_own_customer', 'view_own_site'];
    const { headers } = await asUser(app, [await aRole(app, rights)], [own.customer_id]);
    const [old, next] = [await made(['view_own_site']), await made(['view_own_customer'])];
    await aUser(app, { roles: [old.name], customer_ids: [foreign.customer_id] });
    const problem = expectProblem(await remove(old.id, next.id, headers), 403, 'rbac.cannot_grant');
    expect(problem.missing_permissions).toEqual(['view_own_customer']);
  });
});
