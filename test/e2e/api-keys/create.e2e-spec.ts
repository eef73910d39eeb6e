import { hasValidChecksum, looksGenerated } from '../../../src/platform/secrets/key-format.js';
import { AccessLog } from '../../../src/audit/access-log.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { ApiKey } from '../../../src/api-keys/api-key.entity.js';
import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

describe('POST /crm/api-keys', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const create = (body: object, headers: Credentials = admin) => app.ask('POST', '/crm/api-keys', { headers, body });
  const valid = { name: 'Billing export', permissions: ['view_customer'] };
  const countKeys = () => app.get(Database).repository(ApiKey).count();
  const events = async (query: string) => {
    const answer = await app.ask('GET', `/crm/audit-logs?${query}`, { headers: admin });
    return answer.body.data as { event: string; actor: object; subject: { id: number }; after: object }[];
  };

  it('201 with the whole key, this once, and never to be cached', async () => {
    const answer = await create({ ...valid, description: 'Nightly', expiry_date: '2030-12-31' });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.headers.etag).toBe('"1"');
    const { api_key: key, api_key_id: id, ...rest } = answer.body;
    expect(key).toMatch(/^sk_live_[0-9A-Za-z]{49}$/);
    expect(looksGenerated(key) && hasValidChecksum(key)).toBe(true);
    expect(Number.isInteger(id)).toBe(true);
    expect(rest).toEqual({
      name: 'Billing export',
      description: 'Nightly',
      created_by: expect.any(String),
      status: 'active',
      created: app.clock.instant(),
      expiry_date: '2030-12-31T23:59:59.000Z',
      permissions: ['view_customer'],
      effective_permissions: ['view_customer'],
      parent_api_key_id: null,
      children: [],
      roles: [],
      customer_ids: [],
      rate_limit: null,
      allowed_addresses: null,
      bound_to_creator: false,
      protected: false,
      source: 'database',
      kind: 'organization',
      last_used_at: null,
      last_used_address: null,
    });
  });

  it('201, after which nothing shows the key again: list, read, audit record, access log, replay, database', async () => {
    const once = { headers: { ...admin, 'idempotency-key': 'create-once' }, body: valid };
    const first = await app.ask('POST', '/crm/api-keys', once);
    const key = first.body.api_key as string;
    const replay = await app.ask('POST', '/crm/api-keys', once);
    expect([replay.status, replay.headers['idempotency-replayed']]).toEqual([201, 'true']);
    expect(replay.body).toMatchObject({ api_key_id: first.body.api_key_id, name: valid.name });
    await app.flushAccessLog();
    const paths = [
      '/crm/api-keys?limit=100',
      `/crm/api-keys/${first.body.api_key_id}`,
      '/crm/audit-logs',
      '/crm/access-logs',
    ];
    const shown = await Promise.all(paths.map((path) => app.ask('GET', path, { headers: admin })));
    const rows = await app.get(Database).repository(ApiKey).find();
    const everything = [replay.text, ...shown.map(({ text }) => text), JSON.stringify(rows)].join('\n');
    expect(everything).not.toContain(key.slice(8, -4));
    expect(everything).toContain(`sk_live_...${key.slice(-4)}`);
  });

  it.each([
    ['2030-12-31', '2030-12-31T23:59:59.000Z'],
    ['2030-03-01', '2030-03-01T23:59:59.000Z'],
    ['2030-12-31T08:00:00Z', '2030-12-31T08:00:00.000Z'],
    ['2030-12-31T08:00:00.5+05:30', '2030-12-31T02:30:00.500Z'],
    ['2030-12-31T23:30:00-01:00', '2031-01-01T00:30:00.000Z'],
    [null, null],
  ])('201 when it expires %s, which is %s', async (said, meant) => {
    expect((await create({ ...valid, expiry_date: said })).body.expiry_date).toBe(meant);
  });

  it.each([
    '2030-02-28',
    '2030-03-01T12:00:00Z',
    '2030-03-01T13:00:00+02:00',
    '2030-02-30',
    '2031-02-29',
    '10000-01-01',
    '9999-12-31T23:59:59-01:00',
    '2030-12-31T25:00:00Z',
    '31.12.2030',
    '',
    1_924_905_600,
  ])('400 when it expires %j', async (expiry) => {
    const answer = await create({ ...valid, expiry_date: expiry });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(['/expiry_date']);
  });

  it('201 with permissions in any letter case, which are kept in lower case', async () => {
    const answer = await create({ name: 'Loud', permissions: ['MANAGE_API_KEYS', 'View_Customer'] });
    expect(answer.body.permissions).toEqual(['manage_api_keys', 'view_customer']);
  });

  it('201 with roles in any letter case, and what they grant', async () => {
    const answer = await create({ name: 'By role', roles: ['fInAnCe'] });
    expect(answer.body).toMatchObject({ permissions: [], roles: ['Finance'] });
    expect(answer.body.effective_permissions).toEqual(expect.arrayContaining(['view_invoice', 'refund_payment']));
  });

  it.each([
    ['an unknown permission', { permissions: ['view_customer', 'view_moon'] }, '/permissions/1'],
    ['everything by a star', { permissions: ['*'] }, '/permissions/0'],
    ['a permission that reaches into a prototype', { permissions: ['constructor'] }, '/permissions/0'],
    ['an unknown role', { roles: ['Nobody'] }, '/roles/0'],
    ['nothing', { permissions: [] }, '/permissions'],
    ['nothing at all', { permissions: [], roles: [] }, '/permissions'],
    ['null', { permissions: null }, '/permissions'],
    ['null roles', { roles: null }, '/roles'],
    ['the same permission twice', { permissions: ['view_customer', 'VIEW_CUSTOMER'] }, '/permissions'],
    ['a text', { permissions: 'view_customer' }, '/permissions'],
    ['a number', { permissions: [1] }, '/permissions'],
    ['201 of them', { permissions: Array.from({ length: 201 }, (_, index) => `view_${index}`) }, '/permissions'],
    ['no name', { name: undefined }, '/name'],
    ['a blank name', { name: '  ' }, '/name'],
    ['a null name', { name: null }, '/name'],
    ['a name of 101 characters', { name: 'x'.repeat(101) }, '/name'],
    ['a name with NUL', { name: 'a\0b' }, '/name'],
    ['a description of 501 characters', { description: 'x'.repeat(501) }, '/description'],
    ['no requests a minute', { rate_limit: 0 }, '/rate_limit'],
    ['a protection that is a text', { protected: 'yes' }, '/protected'],
    ['a customer that is not there', { customer_ids: [999_999] }, '/customer_ids/0'],
    ['a customer twice', { customer_ids: [1, 1] }, '/customer_ids'],
    ['a customer id that is a text', { customer_ids: ['1'] }, '/customer_ids'],
  ])('400 naming the field with %s', async (_what, wrong, pointer) => {
    const before = await countKeys();
    const answer = await create({ ...valid, ...wrong });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([pointer]);
    expect(await countKeys()).toBe(before);
  });

  it('201 with a name of 100 characters beyond the first plane', async () => {
    const name = '💥'.repeat(100);
    expect((await create({ ...valid, name })).body.name).toBe(name);
  });

  it.each(['created_by', 'created_by_user_id', 'user_id', 'status', 'digest', 'api_key', 'kind', 'source', 'created'])(
    '400 naming %s as unknown',
    async (field) => {
      const answer = await create({ ...valid, [field]: 1 });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual([`/${field}`]);
    },
  );

  it('401 without a credential, 403 without manage_api_keys', async () => {
    expectProblem(await create(valid, {}), 401);
    const { headers } = await asApiKey(app, ['view_customer']);
    expect(expectProblem(await create(valid, headers), 403).missing_permissions).toEqual(['manage_api_keys']);
  });

  it('403 naming every permission that the giver lacks, also those of roles; a record, and no key', async () => {
    const giver = await asApiKey(app, ['manage_api_keys', 'view_customer']);
    const before = await countKeys();
    const greedy = { name: 'Greedy', permissions: ['view_customer', 'admin'], roles: ['Customer'] };
    const problem = expectProblem(await create(greedy, giver.headers), 403, 'rbac.cannot_grant');
    const lacking = ['admin', 'create_own_payment', 'view_own_invoice', 'view_own_payment_method', 'view_own_service'];
    expect(problem.missing_permissions).toEqual([...lacking, 'view_own_transaction']);
    expect(await countKeys()).toBe(before);
    const [refused] = await events(`event=authz_fail&actor_kind=api_key&actor_id=${giver.apiKeyId}`);
    expect(refused?.after).toEqual({ refused_grants: problem.missing_permissions });
  });

  it('403 with an Idempotency-Key leaves the record too, although everything else is rolled back', async () => {
    const giver = await asApiKey(app, ['manage_api_keys']);
    const headers = { ...giver.headers, 'idempotency-key': 'greedy' };
    expectProblem(await create({ name: 'Greedy', permissions: ['admin'] }, headers), 403);
    expect(await events(`event=authz_fail&actor_kind=api_key&actor_id=${giver.apiKeyId}`)).toHaveLength(1);
  });

  it('201 for a key made by a key, which is remembered as its parent', async () => {
    const parent = await asApiKey(app, ['manage_api_keys', 'view_customer']);
    const answer = await create({ name: 'Child', permissions: ['view_customer'] }, parent.headers);
    expect(answer.status).toBe(201);
    const child = await app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId: answer.body.api_key_id });
    expect(child).toMatchObject({ createdByKeyId: parent.apiKeyId, createdByUserId: null });
    const [record] = await events(`event=api_key.created&subject_id=${child.apiKeyId}`);
    expect(record).toMatchObject({ actor: { kind: 'api_key', id: parent.apiKeyId } });
  });

  it('400 for a customer that the giver may not see, as for one that is not there', async () => {
    const [mine, foreign] = await Promise.all(
      ['Mine', 'Foreign'].map(async (customer_name) => {
        const { body } = await app.ask('POST', '/crm/customers', { headers: admin, body: { customer_name } });
        return body.customer_id as number;
      }),
    );
    const giver = await asApiKey(app, ['manage_api_keys', 'view_own_customer'], { customer_ids: [mine] });
    const grant = (permission: string, customerId: unknown) =>
      create({ name: 'Portal', permissions: [permission], customer_ids: [customerId] }, giver.headers);
    expect((await grant('view_own_customer', mine)).status).toBe(201);
    for (const [permission, status] of [
      ['manage_api_keys', 400],
      ['view_own_customer', 403],
    ] as const) {
      const [absent, hidden] = [await grant(permission, 999_999), await grant(permission, foreign)];
      const told = (answer: typeof absent) => ({ ...answer.body, request_id: null });
      expect([absent.status, hidden.status]).toEqual([status, status]);
      expect(JSON.stringify(told(hidden)).replace(String(foreign), '999999')).toBe(JSON.stringify(told(absent)));
    }
  });

  it('403 for an own right over a customer that the giver sees but does not own', async () => {
    const [mine, seen] = await Promise.all(
      ['Owned', 'Seen'].map(async (customer_name) => {
        const { body } = await app.ask('POST', '/crm/customers', { headers: admin, body: { customer_name } });
        return body.customer_id as number;
      }),
    );
    const rights = ['manage_api_keys', 'view_customer', 'update_own_customer'];
    const giver = await asApiKey(app, rights, { customer_ids: [mine] });
    const greedy = { name: 'Greedy', permissions: ['update_own_customer'], customer_ids: [seen] };
    expectProblem(await create(greedy, giver.headers), 403, 'rbac.cannot_grant');
    const kept = await create({ ...greedy, customer_ids: [mine] }, giver.headers);
    const grown = await app.ask('PATCH', `/crm/api-keys/${kept.body.api_key_id}`, {
      headers: giver.headers,
      body: { customer_ids: [mine, seen] },
    });
    expectProblem(grown, 403, 'rbac.cannot_grant');
  });

  it('201 for a user with the right, whose name the key carries', async () => {
    const user = await asUser(app, ['Admin']);
    const answer = await create(valid, user.headers);
    expect(answer.body.created_by).toEqual(expect.stringMatching(/.+/));
    const key = await app.get(Database).repository(ApiKey).findOneByOrFail({ apiKeyId: answer.body.api_key_id });
    expect(key).toMatchObject({ createdByUserId: user.userId, createdByKeyId: null });
  });

  it('201 is in the access log, once, with its actor', async () => {
    const giver = await asApiKey(app, ['manage_api_keys']);
    await create({ name: 'Logged', permissions: ['manage_api_keys'] }, giver.headers);
    await app.flushAccessLog();
    const rows = await app
      .get(Database)
      .repository(AccessLog)
      .findBy({ actorKind: 'api_key', actorId: giver.apiKeyId });
    expect(rows).toMatchObject([{ status: 201, method: 'POST', path: '/crm/api-keys', route: '/crm/api-keys' }]);
  });
});
