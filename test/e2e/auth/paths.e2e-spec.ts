import { TestApp } from '../../support/app.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { expectProblem } from '../../support/expect-problem.js';

const SECRET = 'Nordlicht Telekom';

describe('spellings of a path', () => {
  let app: TestApp;
  let admin: Credentials;
  let id: number;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    const body = { customer_name: SECRET };
    id = (await app.ask('POST', '/crm/customers', { headers: admin, body })).body.customer_id;
  });
  afterAll(() => app.close());

  const spellings = [
    '/crm/customers',
    '/crm/customers/',
    '/crm/customers/1/',
    '//crm/customers',
    '/crm//customers',
    '//crm//customers//',
    '/%63rm/customers',
    '/crm/%63ustomers',
    '/crm%2fcustomers',
    '/crm%2Fcustomers',
    '/crm%252fcustomers',
    '/crm%5ccustomers',
    '/crm\\customers',
    '/CRM/customers',
    '/Crm/Customers/',
    '/crm/customers;a=b',
    '/crm;a=b/customers',
    '/crm/customers;/1',
    '/./crm/customers',
    '/crm/./customers',
    '/crm/../crm/customers',
    '/health/../crm/customers',
    '/health/live/../../crm/customers',
    '/crm/docs/../customers',
    '/crm/docs/%2e%2e/customers',
    '/crm/auth/login/../../customers',
    '/crm/.well-known/jwks.json/../../customers',
    '/crm/.well-known/jwks.json/',
    '/crm/customers%00',
    '/crm/customers%20',
    '/crm/customers.json',
    '/crm/customers?/health/live',
    '/crm/customers#/health/live',
    '/crm/customers%3f',
    '/crm/customers%ff',
    '/crm/customers/%ed%a0%80',
    '/crm/customers/1%2f..',
    '/crm/customers/..%2f1',
    '*',
    'http://127.0.0.1/crm/customers',
  ];

  it.each(spellings)('401 or 404 for a stranger, never data: %s', async (path) => {
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
      const answer = await app.ask(method, path);
      expect([400, 401, 404]).toContain(answer.status);
      expect(answer.text).not.toContain(SECRET);
      if (method !== 'HEAD') expectProblem(answer, answer.status);
    }
    const kept = await app.ask('GET', `/crm/customers/${id}`, { headers: admin });
    expect(kept.body.customer_name).toBe(SECRET);
  });

  it.each(spellings)('403 or 404 for a key without the right, never data: %s', async (path) => {
    const { headers } = await asApiKey(app, ['view_setting']);
    const answer = await app.ask('GET', path, { headers });
    expect([400, 403, 404]).toContain(answer.status);
    expect(answer.text).not.toContain(SECRET);
  });

  it('401 for a stranger whether or not the row is there, and before the id is read', async () => {
    for (const path of [
      `/crm/customers/${id}`,
      '/crm/customers/999999',
      '/crm/customers/x',
      '/crm/customers?limit=x',
    ]) {
      expectProblem(await app.ask('GET', path), 401, 'auth.missing_credential');
    }
  });

  it('400 for an id that is far too long', async () => {
    expectProblem(
      await app.ask('GET', `/crm/customers/${'9'.repeat(5_000)}`, { headers: admin }),
      400,
      'request.invalid',
    );
  });

  it.each(['/%', '/crm/%zz', '/crm/customers/%', '/crm/customers/%c3%28', '/%ff'])(
    '400 or 404 for a URL that cannot be decoded: %s',
    async (path) => {
      const answer = await app.ask('GET', path, { headers: { ...admin, 'x-request-id': 'malformed-1' } });
      expect([400, 404]).toContain(answer.status);
      expectProblem(answer, answer.status);
      expect(answer.headers['x-request-id']).toBe('malformed-1');
    },
  );
});

describe('methods', () => {
  let app: TestApp;
  let admin: Credentials;
  let path: string;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    const body = { customer_name: SECRET };
    path = `/crm/customers/${(await app.ask('POST', '/crm/customers', { headers: admin, body })).body.customer_id}`;
  });
  afterAll(() => app.close());

  it.each(['x-http-method-override', 'x-http-method', 'x-method-override', '_method'])(
    '200 and nothing else than what was asked for: %s',
    async (name) => {
      const answer = await app.ask('GET', path, { headers: { ...admin, [name]: 'DELETE' } });
      expect(answer.body.customer_name).toBe(SECRET);
      expect((await app.ask('GET', path, { headers: admin })).status).toBe(200);
    },
  );

  it('400 for a method in query or body', async () => {
    expectProblem(await app.ask('GET', `${path}?_method=DELETE`, { headers: admin }), 400);
    const body = { customer_name: 'Another', _method: 'DELETE' };
    expectProblem(await app.ask('POST', '/crm/customers', { headers: admin, body }), 400);
  });

  it('200 for HEAD as for GET, without the body', async () => {
    const get = await app.ask('GET', path, { headers: admin });
    const head = await app.ask('HEAD', path, { headers: admin });
    expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    expect(head.headers.etag).toBe(get.headers.etag);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(head.headers['content-type']).toBe(get.headers['content-type']);
    expect(head.headers['cache-control']).toBe('no-store');
  });

  it('401, 403 and 404 for HEAD where GET says so', async () => {
    const { headers } = await asApiKey(app, ['view_setting']);
    expect((await app.ask('HEAD', path)).status).toBe(401);
    expect((await app.ask('HEAD', path, { headers })).status).toBe(403);
    expect((await app.ask('HEAD', '/crm/customers/999999', { headers: admin })).status).toBe(404);
  });

  it.each(['OPTIONS', 'TRACE', 'PUT', 'PROPFIND', 'SEARCH'])(
    '404 for %s, with a credential and without',
    async (method) => {
      for (const headers of [{}, admin]) {
        const answer = await app.ask(method, path, { headers });
        expect(answer.status).toBe(404);
        expect(answer.text).not.toContain(SECRET);
        expect(answer.text).not.toContain('Bearer');
      }
    },
  );
});
