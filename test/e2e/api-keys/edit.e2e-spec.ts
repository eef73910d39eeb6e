import { DAY } from '../../../src/common/clock.js';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';

describe('/crm/api-keys/{id}', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  beforeEach(async () => {
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const ask = (method: string, id: string | number, body?: object, headers: Credentials = admin) =>
    app.ask(method, `/crm/api-keys/${id}`, { headers, body });
  const rowOf = (apiKeyId: number) => app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });
  const events = async (id: number) => {
    const answer = await app.ask('GET', `/crm/audit-logs?subject_type=api_key&subject_id=${id}`, { headers: admin });
    return answer.body.data as { event: string; before: object; after: object }[];
  };
  const customer = async (customer_name: string) => {
    const answer = await app.ask('POST', '/crm/customers', { headers: admin, body: { customer_name } });
    return answer.body.customer_id as number;
  };

  describe('GET', () => {
    it('200 with the union of direct grants and roles, masked', async () => {
      const { apiKeyId, key } = await asApiKey(app, ['view_product'], { roles: ['Customer'] });
      const answer = await ask('GET', apiKeyId);
      expect(answer.body).toMatchObject({ api_key: `sk_live_...${key.slice(-4)}`, permissions: ['view_product'] });
      expect(answer.body.effective_permissions).toEqual(expect.arrayContaining(['view_product', 'view_own_invoice']));
      expect(answer.headers.etag).toBe('"1"');
    });

    it.each(['0', '-1', '1e3', '01', '9007199254740993', 'x', '%00'])('400 for the id %s', async (id) => {
      expectProblem(await ask('GET', id), 400);
    });

    it('404 for an id that nobody has', async () => {
      expectProblem(await ask('GET', 999_999), 404, 'api_keys.not_found');
    });

    it('403 without manage_api_keys, whatever the id', async () => {
      const { headers, apiKeyId } = await asApiKey(app, ['view_customer']);
      for (const id of [apiKeyId, 999_999]) expectProblem(await ask('GET', id, undefined, headers), 403);
    });
  });

  describe('PATCH', () => {
    it('200 with everything that may be edited, in the listed shape; a record of just that', async () => {
      const { apiKeyId, key } = await asApiKey(app, ['view_customer']);
      const customerId = await customer('Nordlicht');
      const changes = {
        name: 'New name',
        description: 'New description',
        expiry_date: '2031-01-01T00:00:00.000Z',
        permissions: ['view_product'],
        roles: ['Customer'],
        customer_ids: [customerId],
        rate_limit: 7,
        protected: true,
      };
      const answer = await ask('PATCH', apiKeyId, changes);
      expect(answer.body).toMatchObject({ ...changes, api_key_id: apiKeyId, api_key: `sk_live_...${key.slice(-4)}` });
      expect(answer.body).not.toHaveProperty('effective_permissions');
      expect((await ask('GET', apiKeyId)).body).toMatchObject(answer.body as object);
      const [record] = await events(apiKeyId);
      expect(record).toMatchObject({ event: 'api_key.updated', after: changes });
      expect(Object.keys(record?.after ?? {}).sort()).toEqual(Object.keys(changes).sort());
      expect(Object.keys(record?.before ?? {}).sort()).toEqual(Object.keys(changes).sort());
    });

    it('200 clearing what may be empty', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer'], {
        rate_limit: 3,
        description: 'x',
        expiry_date: '2031-01-01',
      });
      const cleared = { description: null, expiry_date: null, rate_limit: null };
      expect((await ask('PATCH', apiKeyId, cleared)).body).toMatchObject(cleared);
    });

    it('200 for a new right or a right less, which counts from the next request', async () => {
      const holder = await asApiKey(app, ['view_product']);
      const customers = () => app.ask('GET', '/crm/customers', { headers: holder.headers });
      expect((await customers()).status).toBe(403);
      await ask('PATCH', holder.apiKeyId, { permissions: ['view_customer'] });
      expect((await customers()).status).toBe(200);
      await ask('PATCH', holder.apiKeyId, { permissions: ['view_product'] });
      expect((await customers()).status).toBe(403);
    });

    it('200 for nothing, which is not a change', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer'], { roles: ['Support'] });
      const answer = await ask('PATCH', apiKeyId, { permissions: ['view_customer'], roles: ['support'] });
      expect([answer.status, answer.headers.etag]).toEqual([200, '"1"']);
      expect((await ask('PATCH', apiKeyId, {})).headers.etag).toBe('"1"');
      expect((await events(apiKeyId)).map(({ event }) => event)).toEqual(['api_key.created']);
    });

    it.each(['api_key', 'created_by', 'created', 'status', 'source', 'kind', 'user_id', 'digest', '__proto__'])(
      '400 for %s, which is nobody’s to edit',
      async (field) => {
        const { apiKeyId } = await asApiKey(app, ['view_customer']);
        const body = `{"name": "x", ${JSON.stringify(field)}: 1}`;
        const typed = { headers: { ...admin, 'content-type': 'application/json' }, body };
        expectProblem(await app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, typed), 400);
        expect((await rowOf(apiKeyId)).version).toBe(1);
      },
    );

    it.each([
      ['/permissions', { permissions: [] }],
      ['/permissions', { permissions: null }],
      ['/permissions/0', { permissions: ['*'] }],
      ['/name', { name: null }],
      ['/protected', { protected: null }],
      ['/customer_ids', { customer_ids: null }],
      ['/expiry_date', { expiry_date: '2030-02-28' }],
    ])('400 at %s for %j', async (pointer, body) => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      const answer = await ask('PATCH', apiKeyId, body);
      expectProblem(answer, 400);
      expect(pointers(answer)).toEqual([pointer]);
    });

    it('400 for taking the last right from a key: nothing must not come to mean everything', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer'], { roles: ['Customer'] });
      expect((await ask('PATCH', apiKeyId, { permissions: [] })).status).toBe(200);
      expectProblem(await ask('PATCH', apiKeyId, { roles: [] }), 400);
    });

    it('403 for a key that would raise its own rights; a record, and no change', async () => {
      const holder = await asApiKey(app, ['manage_api_keys']);
      for (const body of [{ permissions: ['manage_api_keys', 'admin'] }, { roles: ['Admin'] }]) {
        const problem = expectProblem(
          await ask('PATCH', holder.apiKeyId, body, holder.headers),
          403,
          'rbac.cannot_grant',
        );
        expect(problem.missing_permissions).toEqual(['admin']);
      }
      expect(await rowOf(holder.apiKeyId)).toMatchObject({ version: 1, permissions: ['manage_api_keys'] });
      const refused = `event=authz_fail&actor_id=${holder.apiKeyId}&actor_kind=api_key`;
      expect((await app.ask('GET', `/crm/audit-logs?${refused}`, { headers: admin })).body.data).toHaveLength(2);
    });

    it.each([
      ['name', { name: 'Mine now' }],
      ['expiry', { expiry_date: '2035-01-01' }],
      ['rights, to fewer', { permissions: ['manage_api_keys'], roles: [] }],
    ])('403 for an editor who holds less than the key: its %s', async (_what, body) => {
      const target = await asApiKey(app, ['view_customer'], { roles: ['Finance'] });
      const editor = await asApiKey(app, ['manage_api_keys', 'view_customer']);
      expectProblem(await ask('PATCH', target.apiKeyId, body, editor.headers), 403, 'rbac.cannot_grant');
      expect((await rowOf(target.apiKeyId)).version).toBe(1);
    });

    it('412 for an If-Match of before, 200 for that of now', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      const patch = (etag: string, name: string) => ask('PATCH', apiKeyId, { name }, { ...admin, 'if-match': etag });
      expect((await patch('"1"', 'second')).headers.etag).toBe('"2"');
      expectProblem(await patch('"1"', 'third'), 412);
      expect((await ask('GET', apiKeyId)).body.name).toBe('second');
    });

    it('200 for one of two that race with the same If-Match', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      const race = ['a', 'b'].map((name) => ask('PATCH', apiKeyId, { name }, { ...admin, 'if-match': '"1"' }));
      expect((await Promise.all(race)).map(({ status }) => status).sort()).toEqual([200, 412]);
    });

    it('200 for a future expiry of an expired key, which lives again; recorded', async () => {
      const holder = await asApiKey(app, ['view_customer'], {
        expiry_date: new Date(app.clock.millis() + DAY).toISOString(),
      });
      app.clock.advance(DAY);
      admin = await asAdmin(app);
      expectProblem(await app.ask('GET', '/crm/customers', { headers: holder.headers }), 401, 'api_keys.expired');
      const answer = await ask('PATCH', holder.apiKeyId, { expiry_date: '2040-01-01' });
      expect(answer.body).toMatchObject({ status: 'active', expiry_date: '2040-01-01T23:59:59.000Z' });
      expect((await app.ask('GET', '/crm/customers', { headers: holder.headers })).status).toBe(200);
      const [record] = await events(holder.apiKeyId);
      expect(record).toMatchObject({ before: { status: 'expired' }, after: { status: 'active' } });
    });

    it('404 for an id that nobody has', async () => {
      expectProblem(await ask('PATCH', 999_999, { name: 'x' }), 404, 'api_keys.not_found');
    });
  });

  describe('DELETE', () => {
    it('204, then the digest is gone, GET 200, PATCH 409, DELETE 404', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer'], { expiry_date: '2040-01-01' });
      const answer = await ask('DELETE', apiKeyId);
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(await rowOf(apiKeyId)).toMatchObject({ digest: null, revokedAt: app.clock.instant() });
      expect((await ask('GET', apiKeyId)).body).toMatchObject({ status: 'revoked', api_key_id: apiKeyId });
      expectProblem(await ask('PATCH', apiKeyId, { expiry_date: '2041-01-01' }), 409, 'api_keys.revoked');
      expectProblem(await ask('DELETE', apiKeyId), 404, 'api_keys.not_found');
      const [record, ...rest] = await events(apiKeyId);
      expect(record).toMatchObject({
        event: 'api_key.revoked',
        before: { status: 'active' },
        after: { status: 'revoked' },
      });
      expect(rest.map(({ event }) => event)).toEqual(['api_key.created']);
    });

    it('409 while it is protected, 204 once it is not', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer'], { protected: true });
      expectProblem(await ask('DELETE', apiKeyId), 409, 'api_keys.protected');
      await ask('PATCH', apiKeyId, { protected: false });
      expect((await ask('DELETE', apiKeyId)).status).toBe(204);
    });

    it('204 for one of ten that revoke at once, 404 for the others; one record', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask('DELETE', apiKeyId)));
      expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array.from({ length: 9 }, () => 404)]);
      expect((await events(apiKeyId)).filter(({ event }) => event === 'api_key.revoked')).toHaveLength(1);
    });

    it('412 for an If-Match of before', async () => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      expectProblem(await ask('DELETE', apiKeyId, undefined, { ...admin, 'if-match': '"7"' }), 412);
      expect((await rowOf(apiKeyId)).revokedAt).toBeNull();
    });

    it('403 without manage_api_keys, also for one’s own key', async () => {
      const holder = await asApiKey(app, ['view_customer']);
      expectProblem(await ask('DELETE', holder.apiKeyId, undefined, holder.headers), 403);
      expect((await rowOf(holder.apiKeyId)).revokedAt).toBeNull();
    });
  });
});
