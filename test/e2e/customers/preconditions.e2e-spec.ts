import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, type Credentials } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

describe('customers: If-Match', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const ask = (method: string, id: number, ifMatch: string, body?: object) =>
    app.ask(method, `/crm/customers/${id}`, { headers: { ...admin, 'if-match': ifMatch }, ...(body ? { body } : {}) });
  const make = async () => (await aCustomer(app)).customer_id;

  it.each(['"1"', '*', ' "1" ', '"7", "1"', '"7","1" , "9"'])('200 when %s matches', async (tag) => {
    const answer = await ask('PATCH', await make(), tag, { status: 'inactive' });
    expect(answer.status).toBe(200);
    expect(answer.headers.etag).toBe('"2"');
  });

  it.each(['"2"', '"01"', '1', 'W/"1"', '""', '"7", "8"', '"1', 'null', "'1'"])('412 when %s does not', async (tag) => {
    const id = await make();
    for (const [method, body] of [
      ['PATCH', { status: 'inactive' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await ask(method, id, tag, body);
      const problem = expectProblem(answer, 412, 'request.precondition_failed');
      expect(problem.detail).toContain('"1"');
      expect(await recordsOfRequest(app, answer)).toEqual([]);
    }
    expect((await app.ask('GET', `/crm/customers/${id}`, { headers: admin })).body.status).toBe('active');
  });

  it('412 also for a change that would change nothing', async () => {
    expectProblem(await ask('PATCH', await make(), '"9"', {}), 412);
  });

  it('204 deleting the version that was read', async () => {
    expect((await ask('DELETE', await make(), '"1"')).status).toBe(204);
  });

  it('404 before 412: what is not there has no version', async () => {
    expectProblem(await ask('PATCH', 1_999_999_999, '*', {}), 404);
    expectProblem(await ask('DELETE', 1_999_999_999, '"1"'), 404);
  });

  it('200 once and 412 for the others when many change the same version at once', async () => {
    const id = await make();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => ask('PATCH', id, '"1"', { phone: `${index}` })),
    );
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array<number>(7).fill(412)]);
    const winner = answers.find(({ status }) => status === 200);
    expect((await app.ask('GET', `/crm/customers/${id}`, { headers: admin })).body).toEqual(winner?.body);
  });

  it('200 for each of many changes at once without a precondition: none is lost', async () => {
    const id = await make();
    const fields = [{ phone: '1' }, { email: 'a@b.example' }, { language: 'de' }, { tax_id: '4' }, { currency: 'EUR' }];
    await Promise.all(fields.map((body) => app.ask('PATCH', `/crm/customers/${id}`, { headers: admin, body })));
    const read = await app.ask('GET', `/crm/customers/${id}`, { headers: admin });
    expect(read.body).toMatchObject(Object.assign({}, ...fields));
    expect(read.headers.etag).toBe('"6"');
  });

  it('204 once when many delete at once', async () => {
    const id = await make();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => app.ask('DELETE', `/crm/customers/${id}`, { headers: admin })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404, 404, 404, 404]);
  });
});
