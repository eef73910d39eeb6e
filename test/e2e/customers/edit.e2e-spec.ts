import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

const MALFORMED_IDS = [
  '0',
  '-1',
  '1e3',
  '01',
  '+1',
  '1.0',
  '0x1',
  '9007199254740993',
  'abc',
  '%00',
  '1%20',
  '%F0%9F%98%80',
];
const ADDRESS = { line1: 'Straße 1', line2: 'Hof', city: 'Berlin', state: 'BE', postcode: '10115', country: 'DE' };

describe('one customer', () => {
  let app: TestApp;
  let admin: Credentials;
  let id: number;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    id = (await aCustomer(app, { customer_name: 'First', email: 'first@example.com', address: ADDRESS })).customer_id;
  });
  afterAll(() => app.close());

  const get = (customerId: number | string, headers = admin) =>
    app.ask('GET', `/crm/customers/${customerId}`, { headers });
  const patch = (customerId: number | string, body: unknown, headers: Record<string, string> = admin) =>
    app.ask('PATCH', `/crm/customers/${customerId}`, { headers, body });
  const remove = (customerId: number | string, headers: Record<string, string> = admin) =>
    app.ask('DELETE', `/crm/customers/${customerId}`, { headers });

  const path = () => `/crm/customers/${id}`;
  const read = { method: 'GET', path };
  const edit = { method: 'PATCH', path, body: { customer_name: 'x' } };
  const erase = { method: 'DELETE', path };
  itNeedsAuthentication(() => app, [read, edit, erase]);
  itNeedsPermission(() => app, 'view_customer', [read]);
  itNeedsPermission(() => app, 'update_customer', [edit]);
  itNeedsPermission(() => app, 'delete_customer', [erase]);

  describe('read', () => {
    it.each(MALFORMED_IDS)('400 for the id %s', async (malformed) => {
      const answer = await get(malformed);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/customer_id']);
    });

    it.each(['9007199254740991', '2147483648', '1999999999'])('404 for the id %s, which nobody has', async (absent) => {
      expectProblem(await get(absent), 404, 'customers.not_found');
    });

    it.each(['../', '..%2f1', '%2e%2e/1', '%2e%2e%2fusers%2f1', '1/', '1;a=b', '1%2f2'])(
      '400 or 404 for the path %s',
      async (odd) => {
        expect([400, 404]).toContain((await get(odd)).status);
      },
    );

    it('400 for a query parameter, and for a body on a delete', async () => {
      expect(pointers(await get(`${id}?expand=all&toString=1`))).toEqual(['/expand', '/toString']);
      const answer = await app.ask('DELETE', path(), { headers: admin, body: { cascade: true } });
      expect(pointers(answer)).toEqual(['/cascade']);
      expect((await get(id)).status).toBe(200);
    });
  });

  describe('edit', () => {
    it('200 changing what is given and nothing else', async () => {
      const before = await aCustomer(app, { email: 'a@b.example', phone: '1', address: ADDRESS, currency: 'EUR' });
      app.clock.advance(1_000);
      const answer = await patch(before.customer_id, { status: 'inactive', phone: null });
      const expected = { ...before, status: 'inactive', phone: null, updated: app.clock.instant() };
      expect({ ...answer.body }).toEqual({ ...expected });
      expect(answer.headers.etag).toBe('"2"');
      expect((await get(before.customer_id)).body).toEqual(answer.body);
    });

    it('200 merging an address field by field; null clears a field, or all of it', async () => {
      const { customer_id: own } = await aCustomer(app, { address: ADDRESS });
      const merged = await patch(own, { address: { city: 'Bonn', line2: null } });
      expect(merged.body.address).toEqual({ ...ADDRESS, city: 'Bonn', line2: null });
      expect((await patch(own, { address: {} })).body.address).toEqual(merged.body.address);
      const cleared = Object.fromEntries(Object.keys(ADDRESS).map((name) => [name, null]));
      expect((await patch(own, { address: null })).body.address).toEqual(cleared);
    });

    it('200 for a change that changes nothing, which is no change', async () => {
      const { customer_id: own } = await aCustomer(app, { address: ADDRESS });
      const before = await get(own);
      app.clock.advance(1_000);
      for (const body of [{}, { address: {} }, { address: ADDRESS }, { status: 'active', email: null }]) {
        const answer = await patch(own, body);
        expect({ status: answer.status, body: answer.body, etag: answer.headers.etag }).toEqual({
          status: 200,
          body: before.body,
          etag: before.headers.etag,
        });
        expect(await recordsOfRequest(app, answer)).toEqual([]);
      }
    });

    it('200 is found by its new words and by its old ones no more', async () => {
      const { customer_id: own } = await aCustomer(app, { customer_name: 'Zebrafink', email: 'zebra@fink.example' });
      await patch(own, { customer_name: 'Goldammer', email: null });
      const found = async (text: string) =>
        (await app.ask('GET', `/crm/customers?search=${text}`, { headers: admin })).body.data.length as number;
      expect([await found('zebra'), await found('fink'), await found('goldammer')]).toEqual([0, 0, 1]);
    });

    it('204 without the row for somebody who may edit but not see, and the change is made', async () => {
      const { headers } = await asApiKey(app, ['update_customer']);
      const answer = await patch(id, { language: 'da' }, headers);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expect(answer.headers.etag).toBeUndefined();
      expect((await get(id)).body.language).toBe('da');
    });

    it('204 for a row that is not among those that the principal may see', async () => {
      const mine = await aCustomer(app);
      const permissions = ['update_customer', 'view_own_customer'];
      const { headers } = await asApiKey(app, permissions, { customer_ids: [mine.customer_id] });
      expect((await patch(mine.customer_id, { language: 'sv' }, headers)).status).toBe(200);
      expect((await patch(id, { language: 'sv' }, headers)).status).toBe(204);
      expect((await get(id)).body.language).toBe('sv');
    });

    it('400 naming every problem, and nothing is changed', async () => {
      const before = (await get(id)).body;
      const wrong = {
        customer_name: null,
        status: 'gone',
        email: 'x',
        address: { planet: 1 },
        customer_id: 2,
        version: 9,
      };
      const answer = await patch(id, { ...wrong, phone: '12' });
      expect(pointers(answer).toSorted()).toEqual([
        '/address/planet',
        '/customer_id',
        '/customer_name',
        '/email',
        '/status',
        '/version',
      ]);
      expect((await get(id)).body).toEqual(before);
    });

    it.each(MALFORMED_IDS)('400 for the id %s', async (malformed) => {
      expect(pointers(await patch(malformed, {}))).toEqual(['/customer_id']);
    });

    it('404 for an absent one', async () => {
      expectProblem(await patch(1_999_999_999, { status: 'active' }), 404, 'customers.not_found');
    });

    itIsAudited(() => app, {
      event: 'customer.updated',
      subjectType: 'customer',
      subjectId: () => id,
      act: () => patch(id, { customer_name: 'Second', address: { city: 'Bonn' }, status: 'active' }),
      before: { customer_name: 'First', address: ADDRESS },
      after: { customer_name: 'Second', address: { ...ADDRESS, city: 'Bonn' } },
    });
  });

  describe('own rows alone', () => {
    let own: number;
    let portal: Credentials;

    beforeAll(async () => {
      own = (await aCustomer(app, { customer_name: 'Mine' })).customer_id;
      const permissions = ['view_own_customer', 'update_own_customer'];
      portal = (await asApiKey(app, permissions, { customer_ids: [own] })).headers;
    });

    it('200 for e-mail, phone, address and language', async () => {
      const change = { email: 'new@example.com', phone: '1', address: { city: 'Kiel' }, language: 'de' };
      const answer = await patch(own, change, portal);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject(change);
    });

    it('403 naming each field beyond those, and nothing is changed', async () => {
      const before = (await get(own)).body;
      const barred = { customer_name: 'x', customer_type: 'individual', status: 'inactive', tax_id: null };
      const more = { currency: 'EUR', account_manager: 'me' };
      const answer = await patch(own, { ...barred, ...more, phone: '2' }, portal);
      const problem = expectProblem(answer, 403, 'customers.fields_forbidden');
      expect(pointers(answer)).toEqual(Object.keys({ ...barred, ...more }).map((name) => `/${name}`));
      for (const name of Object.keys({ ...barred, ...more })) expect(problem.detail).toContain(name);
      expect(problem.missing_permissions).toEqual(['update_customer']);
      expect((await get(own)).body).toEqual(before);
      expect(await recordsOfRequest(app, answer)).toEqual([]);
    });

    it('403 on create and delete: no own form of those exists', async () => {
      expectProblem(await remove(own, portal), 403, 'rbac.missing_permission');
    });
  });

  describe('delete', () => {
    it('204, then 404 for ever after', async () => {
      const { customer_id: own } = await aCustomer(app);
      const answer = await remove(own);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expectProblem(await get(own), 404, 'customers.not_found');
      expectProblem(await remove(own), 404, 'customers.not_found');
      expectProblem(await patch(own, {}), 404, 'customers.not_found');
    });

    it('204 for somebody who may delete without seeing', async () => {
      const { headers } = await asApiKey(app, ['delete_customer']);
      expect((await remove((await aCustomer(app)).customer_id, headers)).status).toBe(204);
    });

    it.each(MALFORMED_IDS)('400 for the id %s', async (malformed) => {
      expect(pointers(await remove(malformed))).toEqual(['/customer_id']);
    });

    it('records customer.deleted once, with all that is lost', async () => {
      const before = await aCustomer(app, { email: 'gone@example.com', address: ADDRESS });
      const [record, ...more] = await recordsOfRequest(app, await remove(before.customer_id));
      expect(more).toEqual([]);
      const { customer_id: subjectId, created: _, updated: __, ...fields } = before;
      expect(record).toMatchObject({ event: 'customer.deleted', subjectId, before: fields, after: null });
    });
  });
});
