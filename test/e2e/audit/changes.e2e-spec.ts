import { AuditRepository } from '../../../src/audit/audit.repository.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

type Row = Record<string, any>;

describe('change records', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const ask = (method: string, path: string, body?: object, headers: Credentials = admin) =>
    app.ask(method, path, { headers, body });
  const recordsOf = async (answer: { headers: Readonly<Record<string, unknown>> }) => {
    const found = await ask('GET', `/crm/audit-logs?request_id=${String(answer.headers['x-request-id'])}`);
    return found.body.data as Row[];
  };

  it('201, 200 and 204 each leave one record: who, from where, what, before and after', async () => {
    const { headers, apiKeyId } = await asApiKey(
      app,
      ['create_customer', 'update_customer', 'delete_customer', 'view_customer'],
      {
        name: 'The editor',
      },
    );
    const created = await ask('POST', '/crm/customers', { customer_name: 'Before' }, headers);
    const id = created.body.customer_id as number;
    const updated = await ask('PATCH', `/crm/customers/${id}`, { customer_name: 'After' }, headers);
    const deleted = await ask('DELETE', `/crm/customers/${id}`, undefined, headers);
    expect([created.status, updated.status, deleted.status]).toEqual([201, 200, 204]);
    const records = await Promise.all([created, updated, deleted].map(recordsOf));
    const [creation, update, deletion] = records.map(([record]) => record);
    expect(records.map(({ length }) => length)).toEqual([1, 1, 1]);
    // Within a second it is sealed: perhaps it is already.
    expect({ ...update, hash: null }).toEqual({
      audit_id: expect.any(Number),
      at: app.clock.instant(),
      event: 'customer.updated',
      actor: { kind: 'api_key', id: apiKeyId, name: 'The editor' },
      address: '127.0.0.1',
      request_id: updated.headers['x-request-id'],
      subject: { type: 'customer', id },
      before: expect.objectContaining({ customer_name: 'Before' }),
      after: expect.objectContaining({ customer_name: 'After' }),
      hash: null,
    });
    expect(creation).toMatchObject({ event: 'customer.created', before: null, after: { customer_name: 'Before' } });
    expect(deletion).toMatchObject({ event: 'customer.deleted', before: { customer_name: 'After' }, after: null });
  });

  it.each<[string, string, () => Promise<[string, object | undefined]>]>([
    ['create a customer', 'POST', () => Promise.resolve(['/crm/customers', { customer_name: 'x' }])],
    ['create a key', 'POST', () => Promise.resolve(['/crm/api-keys', { name: 'x', permissions: ['view_customer'] }])],
    [
      'create a user',
      'POST',
      () =>
        Promise.resolve(['/crm/users', { email: 'x@example.com', name: 'x', password: 'a long password', roles: [] }]),
    ],
    [
      'edit a key',
      'PATCH',
      async () => [`/crm/api-keys/${(await asApiKey(app, ['view_customer'])).apiKeyId}`, { name: 'x' }],
    ],
    [
      'revoke a key',
      'DELETE',
      async () => [`/crm/api-keys/${(await asApiKey(app, ['view_customer'])).apiKeyId}`, undefined],
    ],
    ['edit a user', 'PATCH', async () => [`/crm/users/${(await asUser(app, ['Support'])).userId}`, { name: 'x' }]],
  ])('500 when the record cannot be written, and then nobody could %s', async (_what, method, prepare) => {
    const [path, body] = await prepare();
    // Not all columns: when a key was last used is written by the clock.
    const rows = [
      'SELECT customer_id, customer_name FROM customers ORDER BY customer_id',
      'SELECT api_key_id, name, digest, version FROM api_keys ORDER BY api_key_id',
      'SELECT user_id, name, version FROM users ORDER BY user_id',
      'SELECT audit_id FROM audit_logs ORDER BY audit_id',
    ];
    const state = async () =>
      JSON.stringify(await Promise.all(rows.map((query) => app.get(Database).manager.query(query))));
    const before = await state();
    jest.spyOn(app.get(AuditRepository), 'insert').mockRejectedValue(new Error('the audit table is full'));
    const answer = await ask(method, path, body);
    expectProblem(answer, 500, 'server.internal');
    expect(answer.text).not.toContain('audit table');
    expect(await state()).toBe(before);
  });

  it('200 for the key whose revocation could not be recorded: it is not revoked', async () => {
    const { apiKeyId, headers } = await asApiKey(app, ['view_customer']);
    const insert = jest.spyOn(app.get(AuditRepository), 'insert').mockRejectedValue(new Error('full'));
    expect((await ask('DELETE', `/crm/api-keys/${apiKeyId}`)).status).toBe(500);
    insert.mockRestore();
    expect((await ask('GET', '/crm/customers', undefined, headers)).status).toBe(200);
  });

  it('400, 404, 409 and 412 leave none', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { protected: true });
    const refused = await Promise.all([
      ask('POST', '/crm/customers', {}),
      ask('PATCH', '/crm/customers/999999', { customer_name: 'x' }),
      ask('DELETE', `/crm/api-keys/${apiKeyId}`),
      ask('PATCH', `/crm/api-keys/${apiKeyId}`, { name: 'x' }, { ...admin, 'if-match': '"9"' }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([400, 404, 409, 412]);
    for (const answer of refused) expect(await recordsOf(answer)).toEqual([]);
  });

  it('hold no secret: not of a user, not of a key', async () => {
    const user = await asUser(app, ['Support']);
    const key = await asApiKey(app, ['view_customer']);
    const rows = JSON.stringify(await app.get(Database).repository(AuditLog).find());
    expect(rows).not.toContain(user.password);
    expect(rows).not.toContain(key.key.slice(8, -4));
    expect(rows).not.toMatch(/argon2|digest|password/i);
  });

  describe('GET /crm/audit-logs', () => {
    const list = async (query: string) => {
      const answer = await ask('GET', `/crm/audit-logs?${query}`);
      expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 });
      return answer.body.data as Row[];
    };

    it('200 newest first, or oldest when asked, the same over pages', async () => {
      for (const sort of ['-audit_id', 'audit_id']) {
        const ids: number[] = [];
        const query = `sort=${sort}&limit=7`;
        for (let cursor: string | null = ''; cursor !== null;) {
          const { body } = await ask('GET', `/crm/audit-logs?${query}${cursor && `&cursor=${cursor}`}`);
          ids.push(...(body.data as Row[]).map(({ audit_id: id }) => id as number));
          cursor = body.page.next_cursor as string | null;
        }
        const ordered = ids.toSorted((a, b) => (sort === 'audit_id' ? a - b : b - a));
        expect(ids).toEqual(ordered);
        expect(new Set(ids).size).toBe(await app.get(Database).repository(AuditLog).count());
      }
    });

    it('200 with every filter, alone and together', async () => {
      const { headers, apiKeyId } = await asApiKey(app, ['create_customer']);
      const created = await app.ask('POST', '/crm/customers', {
        headers,
        body: { customer_name: 'Filter' },
        from: '127.0.0.77',
      });
      const id = String(created.body.customer_id ?? (await recordsOf(created))[0]?.subject.id);
      const request = String(created.headers['x-request-id']);
      const filters = ['event=customer.created', 'address=127.0.0.77', `actor_kind=api_key&actor_id=${apiKeyId}`];
      filters.push(`subject_type=customer&subject_id=${id}`, `request_id=${request}`, 'address=::ffff:127.0.0.77');
      for (const filter of [...filters, filters.slice(0, -1).join('&')]) {
        const found = await list(filter);
        expect(found.map((row) => row.request_id as string)).toContain(request);
        const [name = '', value = ''] = (filter.split('&')[0] ?? '').split('=');
        if (name === 'event') expect(new Set(found.map((row) => row.event as string))).toEqual(new Set([value]));
      }
      expect(await list(`${filters.slice(1, -1).join('&')}&event=customer.deleted`)).toEqual([]);
      expect(await list(`actor_kind=user&actor_id=${apiKeyId}&event=customer.created&request_id=${request}`)).toEqual(
        [],
      );
    });

    it('200 from a moment on, up to another: the first counts, the second does not', async () => {
      app.clock.advance(60_000);
      const at = app.clock.instant();
      const created = await ask('POST', '/crm/customers', { customer_name: 'Now' });
      app.clock.advance(1);
      const next = app.clock.instant();
      const found = async (query: string) =>
        (await list(`event=customer.created&${query}`)).some(
          ({ request_id: id }) => id === created.headers['x-request-id'],
        );
      expect(await found(`from=${at}`)).toBe(true);
      expect(await found(`to=${at}`)).toBe(false);
      expect(await found(`from=${at}&to=${next}`)).toBe(true);
      expect(await found(`from=${next}`)).toBe(false);
      const shifted = encodeURIComponent(at.replace('T12:', 'T14:').replace('Z', '+02:00'));
      expect(await found(`from=${shifted}`)).toBe(true);
      expect(await found('from=2030-03-01&to=2030-03-02')).toBe(true);
      expect(await found('from=2030-03-02')).toBe(false);
    });

    it('200 for one entry, 404 for none, 400 for what is no id', async () => {
      const [newest] = await list('limit=1');
      expect((await ask('GET', `/crm/audit-logs/${newest?.audit_id}`)).body).toEqual(newest);
      expectProblem(await ask('GET', '/crm/audit-logs/999999999'), 404, 'audit.not_found');
      expectProblem(await ask('GET', '/crm/audit-logs/1e3'), 400);
    });

    it.each([
      'actor_kind=ghost',
      'actor_id=0',
      'address=somewhere',
      'from=yesterday',
      'sort=event',
      'hash=x',
      'subject_id=x',
    ])('400 for %s', async (query) => {
      expectProblem(await ask('GET', `/crm/audit-logs?${query}`), 400, 'request.invalid');
    });

    it('401 without a credential, 403 without view_audit_log', async () => {
      const { headers } = await asApiKey(app, ['export_audit_log']);
      for (const path of ['/crm/audit-logs', '/crm/audit-logs/1']) {
        expectProblem(await ask('GET', path, undefined, {}), 401);
        expect(expectProblem(await ask('GET', path, undefined, headers), 403).missing_permissions).toEqual([
          'view_audit_log',
        ]);
      }
    });

    it('404 for changing or deleting one: there is no such route', async () => {
      for (const method of ['PATCH', 'PUT', 'DELETE', 'POST']) {
        expect((await ask(method, '/crm/audit-logs/1', method === 'DELETE' ? undefined : {})).status).toBe(404);
      }
    });
  });

  describe('GET /crm/access-logs', () => {
    it('200 with every filter', async () => {
      const { headers, apiKeyId } = await asApiKey(app, ['view_product']);
      const refused = await app.ask('GET', '/crm/customers/7', { headers, from: '127.0.0.88' });
      await app.flushAccessLog();
      const request = String(refused.headers['x-request-id']);
      const list = async (query: string) =>
        ((await ask('GET', `/crm/access-logs?limit=100&${query}`)).body.data as Row[]).map(
          (row) => row.request_id as string,
        );
      const filters = [
        ...['actor_kind=api_key', `actor_id=${apiKeyId}`, 'route=/crm/customers/:customer_id', 'status=403'],
        ...['status_class=4xx', 'address=127.0.0.88', `from=${app.clock.instant()}`, `request_id=${request}`],
      ];
      for (const filter of [...filters, filters.join('&')]) expect(await list(filter)).toContain(request);
      const others = [
        'actor_kind=user',
        `actor_id=${apiKeyId + 999}`,
        'route=/crm/customers',
        'status=404',
        'status_class=2xx',
      ];
      for (const other of [...others, 'address=127.0.0.89', `to=${app.clock.instant()}`]) {
        expect(await list(`${other}&request_id=${request}`)).toEqual([]);
      }
    });

    it.each(['status=99', 'status=600', 'status_class=6xx', 'sort=path', 'method=GET', 'user_agent=x'])(
      '400 for %s',
      async (query) => {
        expectProblem(await ask('GET', `/crm/access-logs?${query}`), 400, 'request.invalid');
      },
    );
  });
});
