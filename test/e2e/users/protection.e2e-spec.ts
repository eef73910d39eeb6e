import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

const MANAGER = ['view_user', 'create_user', 'update_user', 'assign_role', 'view_role'];

/** Nobody gives what they do not hold, and nobody acts on somebody above them. */
describe('users: grants', () => {
  let app: TestApp;
  let admin: Credentials;
  let manager: Credentials;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    manager = (await asApiKey(app, MANAGER)).headers;
  });
  afterAll(() => app.close());

  const create = (headers: Credentials, more: object) => {
    const body = {
      email: `given${(counter += 1)}@example.com`,
      name: 'x',
      password: 'a long enough password',
      ...more,
    };
    return app.ask('POST', '/crm/users', { headers, body });
  };
  const act = (method: string, path: string, headers: Credentials, body: object) =>
    app.ask(method, `/crm/users/${path}`, { headers, body });
  const users = async () => (await app.ask('GET', '/crm/users?limit=100', { headers: admin })).body.data as any[];

  /** Refused, told why, recorded once as a refusal, and nothing else has happened. */
  const expectRefusal = async (work: () => Promise<Answer>, code: string, missing: string[]) => {
    const [before, records] = [await users(), await countRecords(app)];
    const answer = await work();
    const problem = expectProblem(answer, 403, code);
    expect(problem.missing_permissions).toEqual(missing);
    expect(answer.headers['www-authenticate']).toContain('insufficient_scope');
    expect(await users()).toEqual(before);
    expect((await countRecords(app)) - records).toBe(1);
    const [record] = await recordsOfRequest(app, answer);
    expect(record).toMatchObject({ event: 'authz_fail', actorKind: 'api_key' });
    expect(JSON.stringify(record?.after)).toContain(missing[0]);
  };

  it('403 creating a user with more than one holds, naming what is missing', async () => {
    await expectRefusal(() => create(manager, { roles: ['Admin'] }), 'rbac.cannot_grant', ['admin']);
    const role = await aRole(app, ['view_user', 'delete_customer', 'manage_api_keys']);
    await expectRefusal(() => create(manager, { roles: [role] }), 'rbac.cannot_grant', [
      'delete_customer',
      'manage_api_keys',
    ]);
  });

  it('403 also under an Idempotency-Key, and the refusal is recorded all the same', async () => {
    const headers = { ...manager, 'idempotency-key': 'refused-grant' };
    await expectRefusal(() => create(headers, { roles: ['Admin'] }), 'rbac.cannot_grant', ['admin']);
  });

  it('403 assigning more than one holds, to others or to oneself', async () => {
    const { user_id: id } = await aUser(app);
    const put = () => act('PUT', `${id}/roles`, manager, { roles: ['Admin'] });
    await expectRefusal(put, 'rbac.cannot_grant', ['admin']);
  });

  it('201 giving exactly what one holds, and the own form of it', async () => {
    const giver = (await asApiKey(app, [...MANAGER, 'view_customer'])).headers;
    const role = await aRole(app, ['view_user', 'view_own_customer']);
    const { customer_id: anybody } = await aCustomer(app);
    const answer = await create(giver, { roles: [role], customer_ids: [anybody] });
    expect([answer.status, answer.body.roles]).toEqual([201, [role]]);
  });

  it('403 giving the whole right while holding its own form', async () => {
    const { customer_id: mine } = await aCustomer(app);
    const giver = (await asApiKey(app, [...MANAGER, 'view_own_customer'], { customer_ids: [mine] })).headers;
    const role = await aRole(app, ['view_customer']);
    await expectRefusal(() => create(giver, { roles: [role] }), 'rbac.cannot_grant', ['view_customer']);
  });

  it('201 giving own rights for one’s own customers, 403 for those of others', async () => {
    const [mine, foreign] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    const giver = (await asApiKey(app, [...MANAGER, 'view_own_customer'], { customer_ids: [mine] })).headers;
    const role = await aRole(app, ['view_own_customer']);
    const given = await create(giver, { roles: [role], customer_ids: [mine] });
    expect(given.status).toBe(201);
    const wrong = { roles: [role], customer_ids: [foreign] };
    await expectRefusal(() => create(giver, wrong), 'rbac.cannot_grant', ['view_own_customer']);
    expectProblem(await act('PATCH', String(given.body.user_id), giver, { customer_ids: [foreign] }), 400);
  });

  it('400 tying a user to a foreign customer exactly as to an absent one', async () => {
    const [mine, foreign] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    const giver = (await asApiKey(app, [...MANAGER, 'view_own_customer'], { customer_ids: [mine] })).headers;
    const answers = [
      await create(giver, { customer_ids: [mine, foreign] }),
      await create(giver, { customer_ids: [mine, 999_999] }),
    ];
    for (const answer of answers) expect(pointers(answer)).toEqual(['/customer_ids/1']);
    const details = answers.map(({ body }, index) =>
      body.errors[0].detail.replace(String([foreign, 999_999][index]), 'ID'),
    );
    expect(details[0]).toBe(details[1]);
  });

  it('403 acting on a user above oneself, whatever the act', async () => {
    const target = await aUser(app, { roles: [await aRole(app, ['view_user', 'delete_customer'])] });
    const acts = [
      () => act('PATCH', String(target.user_id), manager, { name: 'Taken over' }),
      () => act('PATCH', String(target.user_id), manager, { status: 'deactivated' }),
      () => act('PATCH', String(target.user_id), manager, {}),
      () => act('PUT', `${target.user_id}/roles`, manager, { roles: [] }),
    ];
    for (const work of acts) await expectRefusal(work, 'users.target_above_you', ['delete_customer']);
  });

  it('403 acting on a user of customers that one does not see', async () => {
    const [mine, foreign] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    const giver = (await asApiKey(app, [...MANAGER, 'view_own_customer'], { customer_ids: [mine] })).headers;
    const target = await aUser(app, { customer_ids: [mine, foreign] });
    const before = await users();
    for (const [method, path, body] of [
      ['PATCH', '', { name: 'x' }],
      ['PATCH', '', { customer_ids: [mine] }],
      ['PUT', '/roles', { roles: [] }],
    ] as const) {
      const answer = await act(method, `${target.user_id}${path}`, giver, body);
      expectProblem(answer, 403, 'users.foreign_customers');
      const logs = `/crm/audit-logs?event=authz_fail&request_id=${String(answer.headers['x-request-id'])}`;
      const records = (await app.ask('GET', logs, { headers: await asAdmin(app) })).body.data;
      expect(records).toMatchObject([{ subject: { id: target.user_id }, after: { foreign_customers: [foreign] } }]);
    }
    expect(await users()).toEqual(before);
  });
});
