import { systemPrincipal } from '../../../src/common/principal.js';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { ApiKeysRepository } from '../../../src/api-keys/api-keys.repository.js';
import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import { Database } from '../../../src/platform/database/database.js';
import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countQueries } from '../../support/queries.js';

const CONFIG_KEY = `of-the-configuration-file-${'x1y2z3'.repeat(3)}`;
const HEADERS = [
  ['X-API-KEY', (key: string) => ({ 'x-api-key': key })],
  ['bearer', (key: string) => ({ authorization: `Bearer ${key}` })],
] as const;

/** Mistakes of comparable products, as far as they concern keys; each title ends with what went wrong elsewhere. */
describe('API keys do not repeat known mistakes', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    const keys = `api_keys: { ${CONFIG_KEY}: { roles: [view_customer], description: Of the file } }\n`;
    app = await TestApp.start({ config: NO_LIMITS + keys });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const ask = (method: string, path: string, body?: unknown, headers: Credentials = admin) =>
    app.ask(method, path, { headers, body });
  const create = (body: object) => ask('POST', '/crm/api-keys', { name: 'x', permissions: ['view_customer'], ...body });
  const rowOf = async (apiKeyId: number) => {
    const row = await app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId });
    // When it was used last is written by the clock.
    return { ...row, lastUsedAt: null, lastUsedAddress: null };
  };
  const use = (headers: Credentials, from?: string) =>
    app.ask('GET', '/crm/customers', { headers, ...(from && { from }) });

  it.each(HEADERS)('401 through %s for a key with a wrong checksum, without one database query', async (_name, by) => {
    const queries = countQueries(app);
    for (let i = 0; i < 20; i += 1) {
      const key = generateKey('sk_live_');
      const bent = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
      expectProblem(await use(by(bent)), 401, 'auth.invalid_credentials');
    }
    expect(queries()).toBe(0);
    // A well-formed key that is nobody's shows that the counter counts.
    expectProblem(await use(by(generateKey('sk_live_'))), 401, 'auth.invalid_credentials');
    expect(queries()).toBeGreaterThan(0);
  });

  it('403 for a user without manage_api_keys who revokes, edits or regenerates (2: any editor revokes)', async () => {
    const { apiKeyId, headers } = await asApiKey(app, ['view_customer']);
    const user = await asUser(app, ['Support', 'Finance', 'Customer Admin']);
    const path = `/crm/api-keys/${apiKeyId}`;
    const tries = [
      ['DELETE', path],
      ['PATCH', path],
      ['POST', `${path}/regenerate`],
      ['DELETE', `${path}/rotation`],
    ] as const;
    for (const [method, where] of tries) {
      const answer = await ask(method, where, method === 'PATCH' ? { name: 'mine' } : undefined, user.headers);
      expect(expectProblem(answer, 403).missing_permissions).toEqual(['manage_api_keys']);
    }
    expect(await rowOf(apiKeyId)).toMatchObject({ version: 1, revokedAt: null });
    expect((await use(headers)).status).toBe(200);
  });

  it('the same answer through both headers on every operation there is (5: a restriction for one header only)', async () => {
    const { key } = await asApiKey(app, ['view_customer', 'view_role']);
    const { body: document } = await ask('GET', '/crm/docs-json');
    const operations = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/g, '1')] as const),
    );
    // A key that ends itself through one header is not there for the other.
    const walked = operations.filter(([method, path]) => !(method === 'DELETE' && path === '/crm/api-keys/self'));
    expect(walked.length).toBeGreaterThan(30);
    const told = async (method: string, path: string, by: Credentials) => {
      const body = ['POST', 'PUT', 'PATCH'].includes(method) ? {} : undefined;
      const { status, body: problem } = await ask(method, path, body, by);
      return [method, path, status, problem?.code, problem?.missing_permissions];
    };
    for (const [method, path] of walked) {
      const [one, other] = [await told(method, path, HEADERS[0][1](key)), await told(method, path, HEADERS[1][1](key))];
      expect(one).toEqual(other);
    }
  });

  it.each([
    { permissions: [] },
    { permissions: null },
    { permissions: ['*'] },
    { permissions: ['manage_api_keys', 'admin'] },
    { roles: ['Admin'] },
    { rate_limit: 0 },
    { rate_limit: null },
    { allowed_addresses: [] },
    { allowed_addresses: null },
    { expiry_date: null },
    { bound_to_creator: false },
  ])('400 or 403 for a key that says of itself %j (7: a key raises its own rights)', async (body) => {
    const limits = { rate_limit: 50, allowed_addresses: ['127.0.0.0/24'], expiry_date: '2030-12-31' };
    const holder = await asApiKey(app, ['manage_api_keys'], { ...limits, bound_to_creator: true });
    const before = await rowOf(holder.apiKeyId);
    const answer = await ask('PATCH', `/crm/api-keys/${holder.apiKeyId}`, body, holder.headers);
    expect([400, 403]).toContain(answer.status);
    expect(await rowOf(holder.apiKeyId)).toEqual(before);
  });

  it('200 listing 1,000 keys with nothing of them but the prefix and four characters (9: the mask shows too much)', async () => {
    const service = app.get(ApiKeysService);
    const request = { name: 'One of many', permissions: ['view_product'] };
    const secrets = await app.get(Database).transaction(async () => {
      const made: string[] = [];
      for (let i = 0; i < 1_000; i += 1) made.push((await service.create(systemPrincipal('test'), request)).secret);
      return made;
    });
    const shown: string[] = [];
    for (let cursor = ''; ;) {
      const answer = await ask('GET', `/crm/api-keys?source=database&search=one+of+many&limit=100${cursor}`);
      shown.push(answer.text);
      if (answer.body.page.next_cursor === null) break;
      cursor = `&cursor=${answer.body.page.next_cursor}`;
    }
    const masks = shown.flatMap((text) => text.match(/"api_key":"[^"]*"/g) ?? []);
    expect(masks).toEqual(secrets.map((secret) => `"api_key":"sk_live_...${secret.slice(-4)}"`));
    // 39 of 43 random characters at least, 5.95 bit each, stay unseen.
    const everything = shown.join('');
    expect(secrets.filter((secret) => everything.includes(secret.slice(8, -4).slice(0, 8)))).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '400 for %s in any body about keys, and nothing is polluted (10: prototype pollution)',
    async (name) => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      const headers = { ...admin, 'content-type': 'application/json' };
      const bodies = [
        ['POST', '/crm/api-keys', `{"name": "x", "permissions": ["view_customer"], "${name}": {"isAdmin": true}}`],
        ['PATCH', `/crm/api-keys/${apiKeyId}`, `{"${name}": {"isAdmin": true}}`],
        ['POST', `/crm/api-keys/${apiKeyId}/regenerate`, `{"${name}": {"isAdmin": true}}`],
        ['POST', '/crm/api-keys/leaked', `{"tokens": ["x"], "${name}": {"isAdmin": true}}`],
      ] as const;
      for (const [method, path, body] of bodies) expectProblem(await app.ask(method, path, { headers, body }), 400);
      expect(await create({ permissions: [name] }).then(pointers)).toEqual(['/permissions/0']);
      expect(await create({ roles: [name] }).then(pointers)).toEqual(['/roles/0']);
      expectProblem(await ask('GET', `/crm/api-keys?${name}=1`), 400);
      expect(Object.keys(Object.prototype)).toEqual([]);
      expect(({} as Record<string, unknown>).isAdmin).toBeUndefined();
    },
  );

  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'True-Client-IP', 'CF-Connecting-IP', 'X-Client-IP'])(
    '403 for a stranger’s %s that names an address of the list (12: believed from anyone)',
    async (name) => {
      const { headers } = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.8'] });
      const claim = name === 'Forwarded' ? 'for=127.0.0.8' : '127.0.0.8';
      expectProblem(await use({ ...headers, [name]: claim }, '127.0.0.9'), 403, 'auth.address_not_allowed');
      expect((await use(headers, '127.0.0.8')).status).toBe(200);
    },
  );

  it('200 and 403 exactly at the edges of a network, written either way (13: edges, IPv4-mapped)', async () => {
    const [plain, mapped] = [
      await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.1.0/24'] }),
      await asApiKey(app, ['view_customer'], { allowed_addresses: ['::ffff:127.0.1.0/120'] }),
    ];
    for (const { headers } of [plain, mapped]) {
      const from = ['127.0.0.255', '127.0.1.0', '127.0.1.255', '127.0.2.0'];
      const answers = await Promise.all(from.map((address) => use(headers, address)));
      expect(answers.map(({ status }) => status)).toEqual([403, 200, 200, 403]);
    }
  });

  const FIELDS = ['name', 'description', 'expiry_date', 'permissions', 'roles', 'customer_ids', 'rate_limit'];
  it.each([...FIELDS, 'allowed_addresses', 'bound_to_creator', 'protected'])(
    '400 at %s for an object in the place of its value, on create and on edit (28: becomes SQL)',
    async (field) => {
      const { apiKeyId } = await asApiKey(app, ['view_customer']);
      for (const value of [{ [field]: 1 }, { length: 1, 0: 'view_customer' }, [[{ name: 1 }]]]) {
        for (const answer of [
          await create({ [field]: value }),
          await ask('PATCH', `/crm/api-keys/${apiKeyId}`, { [field]: value }),
        ]) {
          expectProblem(answer, 400, 'request.invalid');
          expect(pointers(answer)).toEqual([`/${field}`]);
        }
      }
      expect((await rowOf(apiKeyId)).version).toBe(1);
    },
  );

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '=HYPERLINK("http://example.com";"x")', '\t=1'])(
    '200 for the CSV export of what a key called %j did, in which it is no formula (32: CSV injection)',
    async (name) => {
      const { apiKeyId, headers } = await asApiKey(app, ['manage_api_keys', 'view_customer'], { name: `x${name}` });
      await ask('PATCH', `/crm/api-keys/${apiKeyId}`, { name });
      await ask('POST', '/crm/api-keys', { name: 'Child', permissions: ['view_customer'] }, headers);
      const query = `format=csv&actor_kind=api_key&actor_id=${apiKeyId}`;
      const { status, text } = await ask('GET', `/crm/audit-logs/export?${query}`);
      const [, record = ''] = text.split('\r\n');
      // audit_id, at, event, actor_kind, actor_id, actor_name, …
      const actor = /^\d+,[^,]+,api_key\.created,api_key,\d+,("(?:[^"]|"")*"|[^,]*)/.exec(record)?.[1];
      expect([status, actor]).toEqual([200, expect.stringMatching(/^"?'/)]);
    },
  );

  it('413 for a leak report of ten megabytes, 400 for one token too many or too long (33: big input)', async () => {
    const report = (tokens: string[]) => ask('POST', '/crm/api-keys/leaked', { tokens });
    expectProblem(await report([`x${'y'.repeat(10_485_760)}`]), 413);
    expect(pointers(await report(Array.from({ length: 10_001 }, (_, index) => `${index}`)))).toEqual(['/tokens']);
    expect(pointers(await report(['x'.repeat(501)]))).toEqual(['/tokens']);
  });

  it('200 for a leak report of 10,000 well-formed keys, which asks the database once for hundreds of them (33: big input)', async () => {
    const { key } = await asApiKey(app, ['view_customer']);
    const tokens = Array.from({ length: 9_999 }, () => generateKey('sk_live_'));
    const queries = countQueries(app);
    const { status, body } = await ask('POST', '/crm/api-keys/leaked', { tokens: [...tokens, key] });
    expect(status).toBe(200);
    expect(queries()).toBeLessThan(200);
    expect((await use({ 'x-api-key': key })).status).toBe(401);
    expect(body.results.filter(({ known }: { known: boolean }) => known)).toEqual([
      { index: 9_999, known: true, revoked: true, child_api_key_ids: [] },
    ]);
  });

  it('200 for a leak report of both values of a key: one key, one record; known no more in a second report', async () => {
    const { apiKeyId, key } = await asApiKey(app, ['view_customer']);
    const regenerated = await ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`, { grace_period_seconds: 60 });
    const report = () => ask('POST', '/crm/api-keys/leaked', { tokens: [key, 'x', regenerated.body.api_key] });
    const told = async () =>
      (await report()).body.results.map(({ known, revoked }: Record<string, boolean>) => [known, revoked]);
    expect(await told()).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ]);
    expect(await told()).toEqual([
      [false, false],
      [false, false],
      [false, false],
    ]);
    const records = await ask('GET', `/crm/audit-logs?event=api_key.leaked&subject_id=${apiKeyId}`);
    expect(records.body.data).toHaveLength(1);
  });

  it('200 for two leak reports that both find the key before either has revoked it: it is revoked once', async () => {
    const { apiKeyId, key } = await asApiKey(app, ['view_customer']);
    const keys = app.get(ApiKeysRepository);
    const find = keys.listByDigests.bind(keys);
    const both: (() => void)[] = [];
    jest.spyOn(keys, 'listByDigests').mockImplementation(async (digests) => {
      const found = await find(digests);
      await new Promise<void>((resolve) => both.push(resolve) === 2 && both.forEach((go) => go()));
      return found;
    });
    const report = () => ask('POST', '/crm/api-keys/leaked', { tokens: [key] });
    const answers = await Promise.all([report(), report()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers.map(({ body }) => body.results[0].revoked).toSorted()).toEqual([false, true]);
    const records = await ask('GET', `/crm/audit-logs?subject_type=api_key&subject_id=${apiKeyId}&sort=audit_id`);
    const events = records.body.data.map(({ event }: { event: string }) => event);
    expect(events).toEqual(['api_key.created', 'api_key.leaked', 'api_key.revoked']);
  });

  it('409 for every change of a key of the file: edit, revoke, regenerate; its value works on', async () => {
    const [key] = (await ask('GET', '/crm/api-keys?source=config')).body.data;
    const path = `/crm/api-keys/${key.api_key_id}`;
    const tries = [
      await ask('PATCH', path, { name: 'x' }),
      await ask('DELETE', path),
      await ask('POST', `${path}/regenerate`),
    ];
    for (const answer of tries) {
      expect(expectProblem(answer, 409, 'api_keys.from_config').detail).toContain('change the file');
    }
    expect((await use({ 'x-api-key': CONFIG_KEY })).status).toBe(200);
  });
});
