import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole, regrant } from '../../support/factories/roles.js';
import { asApiKey, asUser, type Credentials } from '../../support/principals.js';

/** What a role grants counts from the very next request, for whoever has it. */
describe('rights in effect', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
    await aCustomer(app);
  });
  afterAll(() => app.close());

  const list = (headers: Credentials) => app.ask('GET', '/crm/customers', { headers });
  const whoami = async (headers: Credentials) => (await app.ask('GET', '/crm/auth/whoami', { headers })).body;

  it('200 and 403 in turn as the role gains and loses the right, for users and keys alike', async () => {
    const role = await aRole(app, ['view_service']);
    const holders = [await asUser(app, [role]), await asApiKey(app, [], { roles: [role] })];
    for (const { headers } of holders) expectProblem(await list(headers), 403, 'rbac.missing_permission');
    await regrant(app, role, ['view_service', 'view_customer']);
    for (const { headers } of holders) expect((await list(headers)).status).toBe(200);
    await regrant(app, role, ['view_own_customer']);
    for (const { headers } of holders) expect((await list(headers)).body.data).toEqual([]);
    await regrant(app, role, []);
    for (const { headers } of holders) expectProblem(await list(headers), 403, 'rbac.missing_permission');
  });

  it('200 with the union of what several roles grant, each right once', async () => {
    const one = await aRole(app, ['view_customer', 'view_service']);
    const two = await aRole(app, ['view_service', 'create_customer']);
    const { headers } = await asUser(app, [one, two]);
    const { permissions, roles } = await whoami(headers);
    expect(permissions.toSorted()).toEqual(['create_customer', 'view_customer', 'view_service']);
    expect(roles).toEqual([one, two]);
    expect((await list(headers)).status).toBe(200);
  });

  it('403 for a right that no feature declares: a word in the table opens nothing', async () => {
    const role = await aRole(app, ['view_everything', 'manage', '*', 'all', 'ADMIN', 'view_Customer', '__proto__']);
    const { headers } = await asUser(app, [role]);
    expectProblem(await list(headers), 403, 'rbac.missing_permission');
    expectProblem(await app.ask('GET', '/crm/roles', { headers }), 403, 'rbac.missing_permission');
  });

  it('403 naming the one missing permission and saying who lacks it', async () => {
    const { headers, email } = await asUser(app, ['Customer']);
    const problem = expectProblem(await app.ask('GET', '/crm/users', { headers }), 403, 'rbac.missing_permission');
    expect(problem.missing_permissions).toEqual(['view_user']);
    expect(problem.detail).toBe(`This needs the permission view_user, which ${email} does not hold.`);
  });

  it('201 for create without view, which implies nothing', async () => {
    const { headers } = await asApiKey(app, ['create_customer']);
    const made = await app.ask('POST', '/crm/customers', { headers, body: { customer_name: 'x' } });
    expect(made.status).toBe(201);
    expectProblem(await list(headers), 403);
  });
});
