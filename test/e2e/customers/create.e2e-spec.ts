import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

const WHOLE = {
  customer_name: 'Nordlicht Telekom GmbH',
  customer_type: 'individual',
  status: 'suspended',
  email: 'office@nordlicht.example',
  phone: '+49 30 901820',
  address: { line1: 'Straße 1', line2: 'Hof', city: 'Berlin', state: 'BE', postcode: '10115', country: 'DE' },
  tax_id: 'DE123456789',
  currency: 'EUR',
  language: 'de',
  account_manager: 'Maria Keller',
};
const NOWHERE = { line1: null, line2: null, city: null, state: null, postcode: null, country: null };

describe('POST /crm/customers', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const create = (body: unknown, headers = admin, query = '') =>
    app.ask('POST', `/crm/customers${query}`, { headers, body });
  const total = async () =>
    (await app.ask('GET', '/crm/customers?limit=1&count=true', { headers: admin })).body.page.total as number;

  const route = { method: 'POST', path: '/crm/customers', body: { customer_name: 'x' } };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'create_customer', [route]);
  itIsAudited(() => app, {
    event: 'customer.created',
    subjectType: 'customer',
    subjectId: (answer) => answer.body.customer_id as number,
    act: () => create(WHOLE),
    before: null,
    after: WHOLE,
  });

  it('201 with everything that was said, to the letter, and readable at once', async () => {
    const answer = await create(WHOLE);
    const { customer_id: id, ...rest } = answer.body;
    const now = app.clock.instant();
    expect(answer.status).toBe(201);
    expect(rest).toEqual({ ...WHOLE, created: now, updated: now });
    expect(answer.headers).toMatchObject({ etag: '"1"', 'cache-control': 'no-store' });
    const read = await app.ask('GET', `/crm/customers/${id}`, { headers: admin });
    expect(read.body).toEqual(answer.body);
    expect(read.headers.etag).toBe('"1"');
  });

  it('201 with defaults for everything that was not said, or said to be null', async () => {
    const nothing = { email: null, phone: null, tax_id: null, currency: null, language: null, account_manager: null };
    const expected = { customer_type: 'company', status: 'active', ...nothing, address: NOWHERE };
    expect((await create({ customer_name: 'Bare' })).body).toMatchObject(expected);
    expect((await create({ customer_name: 'Bare', ...nothing, address: null })).body).toMatchObject(expected);
    expect((await create({ customer_name: 'Bare', address: { city: 'Bonn' } })).body.address).toEqual({
      ...NOWHERE,
      city: 'Bonn',
    });
  });

  it('201 for two customers of one e-mail address', async () => {
    const answers = [
      await create({ customer_name: 'A', email: 'a@b.example' }),
      await create({ customer_name: 'B', email: 'a@b.example' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
  });

  it('201 for somebody who may create without seeing', async () => {
    const { headers } = await asApiKey(app, ['create_customer']);
    const answer = await create({ customer_name: 'Blind' }, headers);
    expect(answer.status).toBe(201);
    const read = await app.ask('GET', `/crm/customers/${answer.body.customer_id}`, { headers });
    expectProblem(read, 403, 'rbac.missing_permission');
  });

  it.each([
    '=1+1',
    '+SUM(A1)',
    '-2',
    '@cmd',
    'a,b;"c"\t',
    "Robert'); DROP TABLE customers;--",
    '" OR 1=1 --',
    '\\',
    '%_!',
    '<script>alert(1)</script>',
    '😀 Größe İstanbul ﷺ',
    'line\nbreak\u0001',
    '𠀀'.repeat(200),
    '\u0001'.repeat(200),
    `${'x'.repeat(63)}😀 ${'x'.repeat(63)}🤖`,
  ])('201 keeping the name %j to the letter', async (name) => {
    const answer = await create({ customer_name: name, phone: '" OR ""="' });
    expect(answer.status).toBe(201);
    const read = await app.ask('GET', `/crm/customers/${answer.body.customer_id}`, { headers: admin });
    expect(read.body).toMatchObject({ customer_name: name.trim(), phone: '" OR ""="' });
  });

  it('201 with blanks around texts taken off', async () => {
    const answer = await create({ customer_name: '  Nord\u00a0', email: ' a@b.example ', address: { city: ' Bonn ' } });
    expect(answer.body).toMatchObject({ customer_name: 'Nord', email: 'a@b.example' });
    expect(answer.body.address.city).toBe('Bonn');
  });

  it('400 listing everything that is wrong at once', async () => {
    const wrong = {
      customer_name: '   ',
      customer_type: 'ghost',
      status: ['active'],
      email: 'not an address',
      phone: 12,
      address: { line1: 1, city: '', planet: 'Mars', country: { a: 1 } },
      tax_id: true,
      currency: 'euro',
      language: 'x'.repeat(36),
      account_manager: {},
      nickname: 'x',
      customer_id: 1,
      created_by: 1,
    };
    const answer = await create(wrong);
    expectProblem(answer, 400, 'request.invalid');
    const flat = Object.keys(wrong).filter((name) => name !== 'address');
    const nested = Object.keys(wrong.address).map((name) => `address/${name}`);
    expect(pointers(answer).toSorted()).toEqual([...flat, ...nested].map((name) => `/${name}`).toSorted());
  });

  it.each(Object.keys(WHOLE).filter((name) => name !== 'address'))('400 for 10,000 characters of %s', async (name) => {
    const answer = await create({ ...WHOLE, [name]: 'x'.repeat(10_000) });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([`/${name}`]);
  });

  it.each(['customer_name', 'customer_type', 'status'])('400 when %s is null', async (name) => {
    expect(pointers(await create({ ...WHOLE, [name]: null }))).toEqual([`/${name}`]);
  });

  it('400 for an object where a text is due, on whichever database', async () => {
    expectProblem(await create({ customer_name: { customer_name: 1 } }), 400);
    expectProblem(await create({ customer_name: 'x', email: { email: 1 } }), 400);
    expectProblem(await create({ customer_name: 'x', address: [{ city: 'Bonn' }] }), 400);
    expectProblem(await create({ customer_name: 'x', address: 'Bonn' }), 400);
  });

  it.each([
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'then',
    '__defineGetter__',
  ])('400 for the key %s, at the top and below, and nothing is polluted', async (name) => {
    for (const value of ['1', '{"isAdmin":true}', '{"prototype":{"isAdmin":true}}']) {
      const top = `{"customer_name":"x",${JSON.stringify(name)}:${value}}`;
      const below = `{"customer_name":"x","address":{${JSON.stringify(name)}:${value}}}`;
      for (const body of [top, below]) {
        const headers = { ...admin, 'content-type': 'application/json' };
        expectProblem(await app.ask('POST', '/crm/customers', { headers, body }), 400);
      }
    }
    expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
  });

  it.each(['\\u0000', '\\ud800', '\\udc00x', 'a\\ud800b'])('400 for text with %s in it', async (escape) => {
    const body = `{"customer_name":"a${escape}b","address":{"city":"${escape}"}}`;
    const answer = await app.ask('POST', '/crm/customers', {
      headers: { ...admin, 'content-type': 'application/json' },
      body,
    });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer).toSorted()).toEqual(['/address/city', '/customer_name']);
  });

  it.each(['null', '[]', '"text"', '7', 'true', '[{"customer_name":"x"}]'])('400 for the body %s', async (body) => {
    const headers = { ...admin, 'content-type': 'application/json' };
    expectProblem(await app.ask('POST', '/crm/customers', { headers, body }), 400, 'request.invalid');
  });

  it('400 for a hundred thousand fields, or a depth of ten thousand, at once', async () => {
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`f${index}`, 1]));
    expectProblem(await create({ customer_name: 'x', ...many }), 400);
    const deep = `{"customer_name":"x","address":${'{"city":'.repeat(10_000)}1${'}'.repeat(10_001)}`;
    const headers = { ...admin, 'content-type': 'application/json' };
    expectProblem(await app.ask('POST', '/crm/customers', { headers, body: deep }), 400);
  });

  it('400 for a query parameter: there is none to give', async () => {
    expect(pointers(await create({ customer_name: 'x' }, admin, '?dry_run=1&status=active'))).toEqual([
      '/dry_run',
      '/status',
    ]);
  });

  it('leaves neither row nor record of what was refused', async () => {
    const before = [await total(), await countRecords(app)];
    await create({ customer_name: '', email: 1 });
    await create({ customer_name: 'x' }, {});
    const { headers } = await asApiKey(app, ['view_customer']);
    const records = await countRecords(app);
    await create({ customer_name: 'x' }, headers);
    expect([await total(), await countRecords(app)]).toEqual([before[0], records]);
  });
});
