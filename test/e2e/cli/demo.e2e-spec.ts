import { demoCustomer } from '../../../src/cli/demo-customers.js';
import { TestApp } from '../../support/app.js';
import { cli } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { asAdmin } from '../../support/principals.js';
import { execute, rowsOf } from '../../support/rows.js';

describe('demo', () => {
  let place: TestDatabase;
  let app: TestApp | undefined;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await place.drop();
  });

  const names = async () =>
    (await rowsOf(place, 'SELECT * FROM customers ORDER BY customer_id')).map((row) => row.customer_name);

  it('makes as many as asked for, each with its audit record, and tells how far it is', async () => {
    const said = await cli(place, ['demo', '--customers', '130']);
    expect(said).toEqual({
      status: 0,
      stdout: '130 invented customers made.\n',
      stderr: '100 of 130 customers\n130 of 130 customers\n',
    });
    expect(await names()).toEqual(Array.from({ length: 130 }, (_, index) => demoCustomer(index).customer_name));
    const records = await rowsOf(
      place,
      `SELECT subject_id FROM audit_logs WHERE event = 'customer.created' AND actor_name = 'demo'`,
    );
    expect(records).toHaveLength(130);
    app = await TestApp.start({ database: place });
    const found = await app.ask('GET', '/crm/customers?country=de&count=true', { headers: await asAdmin(app) });
    expect(found.body.page.total).toBe(26);
  });

  it('changes nothing the second time, and adds only what is missing for a larger number', async () => {
    await cli(place, ['demo', '--customers', '10']);
    const before = await names();
    expect(await cli(place, ['demo', '--customers', '10'])).toEqual({
      status: 0,
      stdout: 'Nothing to do: the demo has made 10 customers here already.\n',
      stderr: '',
    });
    expect(await names()).toEqual(before);
    expect(await cli(place, ['demo', '--customers', '12'])).toMatchObject({
      status: 0,
      stdout: '2 invented customers made, 10 were there.\n',
    });
    expect(await names()).toEqual([...before, demoCustomer(10).customer_name, demoCustomer(11).customer_name]);
    await execute(place, 'DELETE FROM customers WHERE customer_id = 3');
    expect(await cli(place, ['demo', '--customers', '12'])).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Nothing/),
    });
  });

  it('is refused where there is a single customer of somebody, also among its own', async () => {
    app = await TestApp.start({ database: place });
    const body = { customer_name: 'A customer who pays' };
    expect((await app.ask('POST', '/crm/customers', { headers: await asAdmin(app), body })).status).toBe(201);
    await app.close();
    app = undefined;
    const said = await cli(place, ['demo']);
    expect(said).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^This database holds a customer of your own/),
    });
    expect(await names()).toEqual(['A customer who pays']);
  });

  it('invents customers that are believable, always the same, and reach nobody', () => {
    const customers = Array.from({ length: 300 }, (_, index) => demoCustomer(index));
    expect(customers).toEqual(Array.from({ length: 300 }, (_, index) => demoCustomer(index)));
    expect(new Set(customers.map((customer) => customer.customer_name)).size).toBeGreaterThan(280);
    expect(new Set(customers.map((customer) => customer.address?.country))).toEqual(
      new Set(['DE', 'GB', 'AU', 'US', 'FR']),
    );
    for (const { email, phone, customer_name } of customers) {
      expect(email).toMatch(/^[a-z0-9.-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.example$/);
      expect(phone).toMatch(
        /^\+(49 30 23125 \d{3}|44 20 7946 0\d{3}|61 2 7010 \d{4}|1 212 555 01\d\d|33 1 99 00 \d\d \d\d)$/,
      );
      expect(customer_name.length).toBeLessThan(80);
    }
  });
});
