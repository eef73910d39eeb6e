import { AuditRepository } from '../../../src/audit/audit.repository.js';
import { CustomerResponse } from '../../../src/customers/customers.dto.js';
import { CustomersRepository } from '../../../src/customers/customers.repository.js';
import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, type Credentials } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

/** A row and its record are both there, or neither is. */
describe('customers: change and record', () => {
  let app: TestApp;
  let admin: Credentials;
  let customer: CustomerResponse;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    customer = await aCustomer(app, { customer_name: 'Steady', email: 'steady@example.com' });
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => app.close());

  const ask = (method: string, path = '', body?: object, more: object = {}): Promise<Answer> =>
    app.ask(method, `/crm/customers${path}`, { headers: { ...admin, ...more }, ...(body ? { body } : {}) });
  const state = async () => [(await ask('GET', '?limit=100')).body.data, await countRecords(app)];
  const failOnce = (target: object, method: string) =>
    jest
      .spyOn(target as never, method as never)
      .mockRejectedValueOnce(new Error('the disk of host db-7 is full') as never);

  const changes = [
    ['create', () => ask('POST', '', { customer_name: 'Lost' })],
    ['edit', () => ask('PATCH', `/${customer.customer_id}`, { customer_name: 'Lost' })],
    ['delete', () => ask('DELETE', `/${customer.customer_id}`)],
  ] as const;

  it.each(changes)('500 without a trace when the record of a %s cannot be written', async (_, change) => {
    const before = await state();
    failOnce(app.get(AuditRepository), 'insert');
    const answer = await change();
    expectProblem(answer, 500, 'server.internal');
    expect(answer.text).not.toContain('db-7');
    expect(await state()).toEqual(before);
  });

  it.each(changes.slice(0, 2))('500 without a trace when the words of a %s cannot be written', async (_, change) => {
    const before = await state();
    failOnce(app.get(CustomersRepository), 'insertWords');
    expectProblem(await change(), 500, 'server.internal');
    expect(await state()).toEqual(before);
    expect((await ask('GET', '?search=steady')).body.data).toHaveLength(1);
    expect((await ask('GET', '?search=lost')).body.data).toEqual([]);
  });

  it('201 on the retry of a failure: its Idempotency-Key was rolled back with it', async () => {
    const headers = { 'idempotency-key': 'after-the-fall' };
    failOnce(app.get(AuditRepository), 'insert');
    expectProblem(await ask('POST', '', { customer_name: 'Second try' }, headers), 500);
    const answer = await ask('POST', '', { customer_name: 'Second try' }, headers);
    expect(answer.status).toBe(201);
    expect(answer.headers['idempotency-replayed']).toBeUndefined();
    expect(await recordsOfRequest(app, answer)).toHaveLength(1);
  });

  it('writes one record for each of many changes at once, with its own request and no other', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) => ask('POST', '', { customer_name: `Many ${index}` })),
    );
    for (const answer of answers) {
      const records = await recordsOfRequest(app, answer);
      expect(records.map(({ event, subjectId }) => [event, subjectId])).toEqual([
        ['customer.created', answer.body.customer_id],
      ]);
    }
  });
});
