import { NO_LIMITS, TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { walk } from '../../support/contracts/pages.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

const ADDRESSES = 'ip_whitelist: [{ address: 10.0.0.7, roles: [delete_customer] }]\n';

describe('who can', () => {
  let app: TestApp;
  let admin: Credentials;
  let own: number;
  let foreign: number;
  let owner: { user_id: number; email: string };
  let role: string;

  beforeAll(async () => {
    app = await TestApp.start({ config: `${NO_LIMITS}${ADDRESSES}` });
    admin = await asAdmin(app);
    own = (await aCustomer(app)).customer_id;
    foreign = (await aCustomer(app)).customer_id;
    role = await aRole(app, ['update_own_customer', 'delete_customer']);
    owner = await aUser(app, { roles: [role], customer_ids: [own] });
    const gone = await aUser(app, { roles: [role] });
    await app.ask('PATCH', `/crm/users/${gone.user_id}`, { headers: admin, body: { status: 'deactivated' } });
    await aUser(app, { roles: ['Customer'] });
    await asApiKey(app, ['delete_customer']);
    const revoked = await asApiKey(app, ['delete_customer']);
    await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: admin });
    await asApiKey(app, ['delete_customer'], { expiry_date: app.clock.instant(1_000) });
    app.clock.advance(2_000);
    for (let index = 0; index < 12; index += 1) await asApiKey(app, [], { roles: [role] });
  });
  afterAll(() => app.close());

  const get = (query: string, headers = admin) => app.ask('GET', `/crm/authz/who-can?${query}`, { headers });
  const list = { path: '/crm/authz/who-can', as: () => admin };

  it('200 with everybody who is let in and may, of every kind, and what gives it', async () => {
    const { data, page } = (await get('permission=Delete_Customer&count=true')).body;
    expect(data.map(({ kind }: any) => kind as string)).toEqual([
      ...['user', 'user', ...Array<string>(13).fill('api_key'), 'address'],
    ]);
    expect(data[0]).toEqual({
      kind: 'user',
      id: 1,
      name: 'admin@example.com',
      because: [{ role: 'Admin', assignment: 'role', permission: 'admin', condition: null }],
    });
    expect(data[1]).toMatchObject({ id: owner.user_id, name: owner.email });
    expect(data.at(-1)).toMatchObject({ id: '10.0.0.7', because: [{ role: null, assignment: 'direct' }] });
    expect(page).toEqual({ limit: 25, next_cursor: null, total: 16 });
  });

  it('200 with only those who may do it to this row', async () => {
    const ids = async (query: string) => {
      const rows = (await walk(app, list, `${query}&limit=100`)).filter(({ kind }) => kind === 'user');
      return rows.map(({ id }) => id as number);
    };
    expect(await ids(`permission=update_customer&subject_id=${own}`)).toEqual([1, owner.user_id]);
    expect(await ids(`permission=update_customer&subject_id=${foreign}`)).toEqual([1]);
    expect(await ids('permission=update_customer')).toEqual([1, owner.user_id]);
  });

  it.each([1, 2, 7, 15, 16])('200 with everybody once, %i to a page', async (limit) => {
    const whole = await walk(app, list, 'permission=delete_customer&limit=100');
    expect(await walk(app, list, `permission=delete_customer&limit=${limit}`)).toEqual(whole);
  });

  it('200 with everybody once when there are more than one look takes in', async () => {
    const made: number[] = [];
    for (let index = 0; index < 210; index += 1) {
      const body = { name: `Many ${index}`, permissions: [index % 10 === 0 ? 'run_job' : 'view_job'] };
      const { api_key_id: id } = (await app.ask('POST', '/crm/api-keys', { headers: admin, body })).body;
      if (index % 10 === 0) made.push(id as number);
    }
    const rows = await walk(app, list, 'permission=run_job&limit=5');
    const many = rows.filter(({ name }) => /^Many/.test(String(name)));
    expect(many.map(({ id }) => id as number)).toEqual(made);
    expect(new Set(rows.map(({ kind, id }) => `${kind}:${id}`)).size).toBe(rows.length);
  });

  it('400 for a cursor of another question, an unknown permission, none, and unknown parameters', async () => {
    const { page } = (await get('permission=delete_customer&limit=1')).body;
    expect(pointers(await get(`permission=view_role&cursor=${page.next_cursor}`))).toEqual(['/cursor']);
    expect(pointers(await get(`permission=delete_customer&subject_id=${own}&cursor=${page.next_cursor}`))).toEqual([
      '/cursor',
    ]);
    expect(pointers(await get('permission=fly'))).toEqual(['/permission']);
    expect(pointers(await get(''))).toEqual(['/permission']);
    expect(pointers(await get('permission=view_role&sort=id&subject_id=x'))).toEqual(['/sort', '/subject_id']);
  });

  it('404 for a row that the asker may not see, 422 for what has none', async () => {
    const rights = ['explain_permission', 'view_own_customer'];
    const { headers } = await asApiKey(app, rights, { customer_ids: [own] });
    expect((await get(`permission=view_customer&subject_id=${own}`, headers)).status).toBe(200);
    for (const id of [foreign, 999_999]) {
      const answer = await get(`permission=view_customer&subject_id=${id}`, headers);
      expectProblem(answer, 404, 'authz.subject_not_found');
    }
    expectProblem(await get('permission=view_role&subject_id=1'), 422, 'authz.no_rows');
    expectProblem(await get('permission=view_user&subject_id=1', headers), 404, 'authz.subject_not_found');
  });

  // Last: they make a key that may do nearly everything.
  const route = { method: 'GET', path: '/crm/authz/who-can?permission=view_role' };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'explain_permission', [route]);
});
