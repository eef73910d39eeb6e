import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

describe('customers', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const create = (body: object) => app.ask('POST', '/crm/customers', { headers: admin, body });

  it('201 with defaults for everything that was not said', async () => {
    const answer = await create({ customer_name: 'Nordlicht Telekom' });
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toMatchObject({
      customer_name: 'Nordlicht Telekom',
      customer_type: 'company',
      status: 'active',
    });
  });

  it('400 naming each field that is wrong', async () => {
    const answer = await create({ customer_name: '', customer_type: 'ghost', nickname: 'x' });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(['/nickname']);
  });

  it('403 naming the missing permission', async () => {
    const { headers } = await asApiKey(app, ['view_service']);
    const problem = expectProblem(await app.ask('GET', '/crm/customers', { headers }), 403, 'rbac.missing_permission');
    expect(problem.missing_permissions).toEqual(['view_customer']);
  });
});
