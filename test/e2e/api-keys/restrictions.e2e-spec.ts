import { HOUR } from '../../../src/common/clock.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

describe('API keys: where from, and bound to whom', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: NO_LIMITS.replace('api_key: 0', 'api_key: 3') });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const use = (headers: Credentials, from = '127.0.0.1') => app.ask('GET', '/crm/auth/whoami', { headers, from });
  const create = (body: object, headers = admin) =>
    app.ask('POST', '/crm/api-keys', {
      headers,
      body: { name: 'Restricted', permissions: ['view_customer'], ...body },
    });

  it('403 from an address that is not on the list, through either header, burning no quota', async () => {
    const { key, headers } = await asApiKey(app, ['view_customer'], {
      allowed_addresses: ['127.0.0.8', '127.0.1.0/24'],
    });
    for (let i = 0; i < 5; i += 1) {
      expectProblem(await use(headers, '127.0.0.9'), 403, 'auth.address_not_allowed');
      expectProblem(await use({ authorization: `Bearer ${key}` }), 403, 'auth.address_not_allowed');
    }
    expect((await use(headers, '127.0.0.8')).headers.ratelimit).toMatch(/^"api-key";r=2;/);
    expect((await use(headers, '127.0.1.0')).status).toBe(200);
    expect((await use(headers, '127.0.1.255')).status).toBe(200);
    expectProblem(await use(headers, '127.0.2.0'), 403);
  });

  it('201 with IPv4-mapped spelling made canonical; 400 for host bits, the whole internet and an empty list', async () => {
    const made = await create({ allowed_addresses: ['::ffff:10.0.0.7', '2001:DB8::/32'] });
    expect(made.body.allowed_addresses).toEqual(['10.0.0.7', '2001:db8::/32']);
    for (const wrong of [['10.0.0.1/24'], ['0.0.0.0/0'], ['::/0'], [], ['010.0.0.1'], ['localhost'], '10.0.0.1']) {
      expect(pointers(await create({ allowed_addresses: wrong }))).toEqual(['/allowed_addresses']);
    }
  });

  it('201 with the whole internet only where that is forced, in any spelling; an edit asks the same', async () => {
    for (const range of ['0.0.0.0/0', '::/0', '::ffff:0:0/96']) {
      const problem = expectProblem(await create({ allowed_addresses: [range] }), 400, 'request.invalid');
      expect(problem.errors[0].detail).toContain('force: true');
      expect((await create({ allowed_addresses: [range], force: true })).status).toBe(201);
    }
    const { apiKeyId } = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.8'] });
    const edit = (body: object) => app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, { headers: admin, body });
    expect(pointers(await edit({ allowed_addresses: ['0.0.0.0/0'] }))).toEqual(['/allowed_addresses']);
    expect((await edit({ allowed_addresses: ['0.0.0.0/0'], force: true })).body.allowed_addresses).toEqual([
      '0.0.0.0/0',
    ]);
  });

  it('200 with the list taken away again, counting from the next request', async () => {
    const { apiKeyId, headers } = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.8'] });
    expectProblem(await use(headers), 403);
    await app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, { headers: admin, body: { allowed_addresses: null } });
    expect((await use(headers)).status).toBe(200);
  });

  it('200 with fewer rights as soon as the creator has fewer', async () => {
    const creator = await asUser(app, ['Admin']);
    const made = await create(
      { permissions: ['view_customer', 'view_invoice'], bound_to_creator: true },
      creator.headers,
    );
    const headers = { 'x-api-key': made.body.api_key as string };
    expect((await use(headers)).body.permissions).toEqual(['view_customer', 'view_invoice']);
    const put = (roles: string[]) =>
      app.ask('PUT', `/crm/users/${creator.userId}/roles`, { headers: admin, body: { roles } });
    await put(['Support']);
    expect((await use(headers)).body.permissions).toEqual(['view_customer', 'view_invoice']);
    await put(['Customer']);
    expect((await use(headers)).body.permissions).toEqual([]);
  });

  it('403 for a key that changes itself; a child inherits its limits, and 422 for one that would be freer', async () => {
    const limits = {
      expiry_date: app.clock.instant(HOUR),
      allowed_addresses: ['127.0.0.0/24'],
      bound_to_creator: true,
    };
    const parent = await asApiKey(app, ['manage_api_keys', 'view_customer'], limits);
    const own = `/crm/api-keys/${parent.apiKeyId}`;
    const lift = { headers: parent.headers, body: { expiry_date: null } };
    expectProblem(await app.ask('PATCH', own, lift), 403, 'api_keys.own_edit');
    expect((await create({}, parent.headers)).body).toMatchObject(limits);
    for (const wider of [
      { expiry_date: app.clock.instant(HOUR + 1) },
      { allowed_addresses: ['127.0.0.0/16'] },
      { bound_to_creator: false },
    ]) {
      // A key that was not asked for these has its own minute of three requests.
      const fresh = await asApiKey(app, ['manage_api_keys', 'view_customer'], limits);
      expectProblem(await create(wider, fresh.headers), 422, 'api_keys.beyond_parent');
      const target = `/crm/api-keys/${(await create({})).body.api_key_id as number}`;
      const body = 'bound_to_creator' in wider ? { expiry_date: null } : wider;
      expectProblem(await app.ask('PATCH', target, { headers: fresh.headers, body }), 422, 'api_keys.beyond_parent');
    }
  });

  it('403 and 422 for what exceeds its own limits are recorded as refused grants', async () => {
    const parent = await asApiKey(app, ['manage_api_keys', 'view_customer'], { bound_to_creator: true });
    const own = `/crm/api-keys/${parent.apiKeyId}`;
    const { headers } = parent;
    const edit = await app.ask('PATCH', own, { headers, body: { name: 'Mine' } });
    const wider = await create({ bound_to_creator: false }, headers);
    await app.ask('POST', `${own}/regenerate`, { headers: admin, body: { grace_period_seconds: 60 } });
    const outdated = await app.ask('DELETE', own, { headers });
    const refusals = [
      [edit, 'api_keys.own_edit'],
      [wider, 'api_keys.beyond_parent'],
      [outdated, 'api_keys.outdated_value'],
    ] as const;
    for (const [answer, code] of refusals) {
      expectProblem(answer, answer.status, code);
      const logs = `/crm/audit-logs?event=authz_fail&request_id=${String(answer.headers['x-request-id'])}`;
      const records = (await app.ask('GET', logs, { headers: admin })).body.data;
      expect(records).toMatchObject([{ actor: { id: parent.apiKeyId }, after: { refused: code } }]);
    }
  });
});
