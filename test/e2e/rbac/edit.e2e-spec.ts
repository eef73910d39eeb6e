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

describe('roles: edit', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const edit = (id: number, body: unknown, headers: Credentials = admin) =>
    app.ask('PATCH', `/crm/roles/${id}`, { headers, body });
  const read = async (id: number) => (await app.ask('GET', `/crm/roles/${id}`, { headers: admin })).body;
  const idOf = async (name: string): Promise<number> => {
    const { data } = (await app.ask('GET', '/crm/roles?limit=100', { headers: admin })).body;
    return data.find((role: any) => role.name === name).role_id as number;
  };
  const made = async (permissions: string[]) => {
    const name = await aRole(app, permissions);
    return { name, id: await idOf(name) };
  };

  const route = { method: 'PATCH', path: '/crm/roles/2', body: { description: 'x' } };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'update_role', [route]);
  itIsAudited(() => app, {
    event: 'role.updated',
    subjectType: 'role',
    act: async () => edit((await made(['view_customer'])).id, { permissions: ['view_service'] }),
    subjectId: (answer) => answer.body.role_id as number,
    before: { permissions: ['view_customer'] },
    after: { permissions: ['view_service'] },
  });

  it('200 with what changed; absent fields stay, null clears the description', async () => {
    const { id } = await made(['view_customer']);
    app.clock.advance(1_000);
    const first = await edit(id, { name: 'Renamed', description: 'x' });
    expect(first.body).toMatchObject({ name: 'Renamed', description: 'x', permissions: ['view_customer'] });
    expect(first.body.updated).toBe(app.clock.instant());
    expect(first.headers.etag).toBe('"2"');
    const second = await edit(id, { description: null, permissions: ['VIEW_SERVICE'] });
    expect(second.body).toMatchObject({ name: 'Renamed', description: null, permissions: ['view_service'] });
    expect(await read(id)).toEqual(second.body);
    expect((await app.ask('GET', '/crm/roles?search=renamed', { headers: admin })).body.data).toEqual([second.body]);
  });

  it('200 and nothing written for what changes nothing', async () => {
    const { id, name } = await made(['view_customer']);
    const earlier = await countRecords(app);
    for (const body of [{}, { name }, { permissions: ['view_customer'], description: null }]) {
      const answer = await edit(id, body);
      expect([answer.status, answer.headers.etag]).toEqual([200, '"1"']);
    }
    expect(await countRecords(app)).toBe(earlier);
  });

  it('204 without the role for who may edit and not see', async () => {
    const { id } = await made(['view_customer']);
    const { headers } = await asApiKey(app, ['update_role', 'view_customer']);
    const answer = await edit(id, { description: 'unseen' }, headers);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await read(id)).description).toBe('unseen');
  });

  it('412 when somebody was faster, and nothing is changed', async () => {
    const { id } = await made(['view_customer']);
    const ifMatch = { ...admin, 'if-match': '"1"' };
    expect((await edit(id, { description: 'first' }, ifMatch)).status).toBe(200);
    expectProblem(await edit(id, { description: 'second' }, ifMatch), 412);
    expect((await read(id)).description).toBe('first');
  });

  it('200 for one of many at once with one If-Match', async () => {
    const { id } = await made(['view_customer']);
    const headers = { ...admin, 'if-match': '"1"' };
    const answers = await Promise.all([1, 2, 3, 4].map((n) => edit(id, { description: `${n}` }, headers)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
  });

  it('409 for Admin, whatever is changed and whoever asks', async () => {
    for (const body of [{ permissions: ['view_customer'] }, { name: 'Root' }, { description: 'x' }, {}]) {
      expectProblem(await edit(1, body), 409, 'rbac.admin_protected');
    }
    expect((await read(1)).permissions).toEqual(['admin']);
  });

  it('409 when a built-in role would lose its name; its grants may be changed', async () => {
    const id = await idOf('Finance');
    for (const name of ['Money', 'FINANCE']) expectProblem(await edit(id, { name }), 409, 'rbac.built_in');
    const { permissions } = await read(id);
    const answer = await edit(id, { permissions: ['view_customer'] });
    expect(answer.body).toMatchObject({ name: 'Finance', permissions: ['view_customer'], built_in: true });
    await edit(id, { permissions });
  });

  it('409 when the name is taken, whatever its case; a role keeps its own name in another', async () => {
    const { id, name } = await made(['view_customer']);
    expectProblem(await edit(id, { name: 'sUPPORT' }), 409, 'rbac.role_name_taken');
    expect((await edit(id, { name: name.toUpperCase() })).body.name).toBe(name.toUpperCase());
  });

  it.each([
    [{ name: 'view_customer' }, ['/name']],
    [{ name: null }, ['/name']],
    [{ permissions: [] }, ['/permissions']],
    [{ permissions: null }, ['/permissions']],
    [{ permissions: ['*'] }, ['/permissions/0']],
    [{ permissions: ['view_role', 'fly'] }, ['/permissions/1']],
    [{ built_in: false, role_id: 1, created: 'x' }, ['/built_in', '/role_id', '/created']],
  ])('400 for %j', async (body, expected) => {
    const { id } = await made(['view_customer']);
    const answer = await edit(id, body);
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(expected);
  });

  it('400 and 404 for what is no id, and for an absent role', async () => {
    expectProblem(await edit(999_999, {}), 404, 'rbac.role_not_found');
    expect(pointers(await app.ask('PATCH', '/crm/roles/x', { headers: admin, body: {} }))).toEqual(['/role_id']);
  });

  it('403 for giving what one lacks, and for taking away what one lacks; both are recorded', async () => {
    const { headers } = await asApiKey(app, ['update_role', 'view_role', 'view_customer', 'view_site']);
    const mine = await made(['view_customer']);
    const above = await made(['view_customer', 'view_service']);
    expect((await edit(mine.id, { permissions: ['view_site'] }, headers)).status).toBe(200);
    for (const [id, body, missing] of [
      [mine.id, { permissions: ['view_site', 'view_contact'] }, ['view_contact']],
      [mine.id, { permissions: ['admin'] }, ['admin']],
      [above.id, { permissions: ['view_customer'] }, ['view_service']],
      [above.id, { permissions: ['view_contact'] }, ['view_contact', 'view_service']],
      [above.id, { description: 'x' }, ['view_service']],
      [1, { description: 'x' }, ['admin']],
    ] as const) {
      const before = await read(id);
      const answer = await edit(id, body, headers);
      expect(expectProblem(answer, 403, 'rbac.cannot_grant').missing_permissions).toEqual(missing);
      expect(await read(id)).toEqual(before);
      const [record] = await recordsOfRequest(app, answer);
      expect(record).toMatchObject({ event: 'authz_fail', after: { refused_grants: missing } });
    }
  });

  it('403 when an own right would reach customers of others who have the role', async () => {
    const [own, foreign] = [await aCustomer(app), await aCustomer(app)];
    const rights = ['update_role', 'view_own_customer', 'view_own_invoice'];
    const editor = await asUser(app, [await aRole(app, rights)], [own.customer_id]);
    const { id, name } = await made(['view_own_customer']);
    const wanted = { permissions: ['view_own_customer', 'view_own_invoice'] };
    await aUser(app, { roles: [name], customer_ids: [own.customer_id] });
    expect((await edit(id, wanted, editor.headers)).status).toBe(204);
    await edit(id, { permissions: ['view_own_customer'] });
    const key = await asApiKey(app, [], { roles: [name], customer_ids: [foreign.customer_id] });
    const problem = expectProblem(await edit(id, wanted, editor.headers), 403, 'rbac.cannot_grant');
    expect(problem.missing_permissions).toEqual(['view_own_customer', 'view_own_invoice']);
    await app.ask('DELETE', `/crm/api-keys/${key.apiKeyId}`, { headers: admin });
    expect((await edit(id, wanted, editor.headers)).status).toBe(204);
  });
});
