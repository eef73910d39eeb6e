import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { raw, type RawAnswer } from '../../support/raw.js';

describe('bad input', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const post = (body: unknown, headers: Record<string, string> = {}) =>
    app.ask('POST', '/crm/customers', { headers: { ...admin, ...headers }, body });
  const expectRawProblem = (answer: RawAnswer, status: number): void => {
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, request_id: answer.headers['x-request-id'] });
  };

  it.each([
    ['half an object', '{"customer_name":'],
    ['a word', 'nonsense'],
    ['nothing', ''],
    ['single quotes', "{'customer_name': 'x'}"],
    ['a trailing comma', '{"customer_name":"x",}'],
    ['NaN', '{"customer_name":NaN}'],
    ['two documents', '{}{}'],
    ['a prototype', '{"__proto__":{"x":1}}'],
    ['a constructor', '{"constructor":{"prototype":{"x":1}}}'],
    ['bytes that are no UTF-8', Buffer.from('{"customer_name":"\xff\xfe"', 'latin1')],
  ])('400 for a body of %s', async (_what, body) => {
    expectProblem(await post(body), 400);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it.each(['[]', '[{"customer_name":"x"}]', 'null', '1', '"text"', 'true'])(
    '400 for a body that is no object: %s',
    async (body) => {
      expectProblem(await post(body), 400, 'request.invalid');
    },
  );

  it.each([
    'text/plain',
    'text/html',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'nonsense',
  ])('415 for a body of %s', async (type) => {
    expectProblem(await post('{"customer_name":"x"}', { 'content-type': type }), 415, 'request.unsupported_media_type');
  });

  it('413 for a body of 2 MB, also for a stranger', async () => {
    const body = { customer_name: 'x'.repeat(2_000_000) };
    expectProblem(await post(body), 413, 'request.too_large');
    expectProblem(await app.ask('POST', '/crm/customers', { body }), 413, 'request.too_large');
  });

  it('400 at once for a depth of 10,000', async () => {
    const deep = (open: string, close: string): string => `${open.repeat(10_000)}${close.repeat(10_000)}`;
    expectProblem(await post(deep('[', ']')), 400, 'request.invalid');
    expectProblem(await post(`{"customer_name":${deep('[', ']')}}`), 400, 'request.invalid');
    expectProblem(
      await post(`{"customer_name":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
      400,
      'request.invalid',
    );
    expectProblem(
      await post(`{"address":${'{"address":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
      400,
      'request.invalid',
    );
  });

  it('400 at once for 100,000 keys, with a short answer', async () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `"${index.toString(36)}":1`).join();
    const list = `{"customer_name":[${Array.from({ length: 100_000 }, () => '{}').join()}]}`;
    for (const body of [
      `{${keys}}`,
      `{"customer_name":{${keys}}}`,
      `{"customer_name":"x","address":{${keys}}}`,
      list,
    ]) {
      const answer = await post(body);
      expectProblem(answer, 400, 'request.invalid');
      expect(answer.text.length).toBeLessThan(50_000);
    }
  });

  it('400 naming text that no database should hold: NUL and lone surrogates', async () => {
    for (const name of ['x\0', '\ud800', 'x\udfffx']) {
      const answer = await post({ customer_name: name });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/customer_name']);
    }
    expectProblem(await post('{"customer_name":"x","\\ud800":1}'), 400, 'request.invalid');
  });

  it.each(['%00', '%ed%a0%80', '%ff', '%c0%80', 'x%00', '%f5%80%80%80'])(
    '4xx, never 500, in path and query: %s',
    async (text) => {
      for (const path of [
        `/crm/customers/${text}`,
        `/crm/customers?search=${text}`,
        `/crm/customers?cursor=${text}`,
        `/crm/customers?${text}=1`,
        `/crm/users?search=${text}`,
        `/crm/${text}`,
      ]) {
        const answer = await app.ask('GET', path, { headers: admin });
        expect(answer.status).toBeLessThan(500);
        if (answer.status >= 400) expectProblem(answer, answer.status);
      }
    },
  );

  it('431 for a header that is too large, as a problem', async () => {
    const answer = await app.ask('GET', '/crm/auth/whoami', { headers: { ...admin, 'x-filler': 'x'.repeat(20_000) } });
    expectProblem(answer, 431, 'request.headers_too_large');
  });

  it('431 for more header fields than anybody needs', async () => {
    const filler = Array.from({ length: 300 }, (_, index) => [`x-${index}`, 'y']);
    const answer = await app.ask('GET', '/crm/auth/whoami', { headers: { ...admin, ...Object.fromEntries(filler) } });
    expectProblem(answer, 431, 'request.headers_too_large');
  });

  it.each([
    ['NUL in a header', 'GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \0\r\n\r\n'],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key : y\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nHost: x\r\nX-Api-Key: y\r\n z\r\n\r\n'],
    ['an escape sequence', 'GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x1b[2J\r\n\r\n'],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a negative length', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['no HTTP at all', '\x16\x03\x01\x02\x00\x01'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
  ])('400 as a problem for %s', async (_what, bytes) => {
    expectRawProblem(await raw(app, bytes), 400);
  });

  it('401 for a login whose body comes in pieces is recorded with its own address', async () => {
    const body = JSON.stringify({ email: 'x@example.com', password: 'wrong' });
    const head = `POST /crm/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Request-Id: in-pieces\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const answer = await raw(app, head, body.slice(0, 10), body.slice(10));
    expect(answer.status).toBe(401);
    const records = await app.ask('GET', '/crm/audit-logs?request_id=in-pieces', { headers: admin });
    expect(records.body.data).toEqual([expect.objectContaining({ event: 'authn_login_fail', address: '127.0.0.1' })]);
  });
});

describe('the request id', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const idFor = async (sent: string, path = '/crm/auth/whoami'): Promise<unknown> =>
    (await app.ask('GET', path, { headers: { ...admin, 'x-request-id': sent } })).headers['x-request-id'];

  it.each(['a', 'job-17.step_3', '0'.repeat(64), '6fd0a3c8-1f2b-4c39-9d50-2f7f6f5b9e11'])(
    '200 keeps a well-formed one: %s',
    async (id) => {
      expect(await idFor(id)).toBe(id);
    },
  );

  it.each(['', ' ', 'a b', '-a', '.a', 'a/b', 'a'.repeat(65), '<script>', 'é', '{"a":1}', 'a;b', 'a,b'])(
    '200 replaces any other: %j',
    async (id) => {
      const kept = await idFor(id);
      expect(kept).not.toBe(id);
      expect(kept).toMatch(/^[\w-]{16,64}$/);
    },
  );

  it('200 does not keep a credential that was pasted there', async () => {
    const { key } = await asApiKey(app, ['view_customer']);
    expect(await idFor(key)).not.toContain(key.slice(8, 30));
    expect(await idFor((admin.authorization ?? '').slice(7, 71))).not.toMatch(/^eyJ/);
  });

  it('4xx carries it in header and body, wherever the request ends', async () => {
    for (const path of ['/crm/auth/whoami', '/nowhere', '/%', '/crm/customers/x']) {
      const answer = await app.ask('GET', path, { headers: { 'x-request-id': 'trace-1' } });
      expect(expectProblem(answer, answer.status).request_id).toBe('trace-1');
    }
  });

  it('200 carries it on public answers too', async () => {
    for (const path of ['/health/live', '/crm/docs-json', '/crm/docs/', '/crm/.well-known/jwks.json']) {
      expect(await idFor('trace-2', path)).toBe('trace-2');
    }
  });

  it('401 with a hostile user agent stands in the access log as one clean row', async () => {
    const agent = `evil\u009b31m ${'x'.repeat(5_000)}`;
    await app.ask('GET', '/crm/auth/whoami', { headers: { 'user-agent': agent, 'x-request-id': 'agent-1' } });
    await app.flushAccessLog();
    const { body } = await app.ask('GET', '/crm/access-logs?request_id=agent-1', { headers: admin });
    expect(body.data.length).toBe(1);
    expect(body.data[0].user_agent).toMatch(/^evil\ufffd31m x+$/);
    expect(body.data[0].user_agent.length).toBe(256);
  });

  it('400 before routing stands in the access log too', async () => {
    await app.ask('GET', '/%', { headers: { 'x-request-id': 'unrouted-1' } });
    await app.flushAccessLog();
    const { body } = await app.ask('GET', '/crm/access-logs?request_id=unrouted-1', { headers: admin });
    expect(body.data).toEqual([
      expect.objectContaining({ method: 'GET', path: '/%', status: 400, address: '127.0.0.1' }),
    ]);
  });
});
