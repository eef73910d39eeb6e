import { DAY } from '../../../src/common/clock.js';
import { hasValidChecksum } from '../../../src/platform/secrets/key-format.js';
import { type Asking, NO_LIMITS, TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aToken, allowPersonalTokens, aTokenMaker, postToken } from '../../support/personal-tokens.js';
import { asAdmin, asApiKey, asUser, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';
import { rowsOf } from '../../support/rows.js';

const CONFIG = `${NO_LIMITS}
ip_whitelist: [{ address: 127.0.0.9, roles: [create_personal_token] }]
`;

describe('creating a personal token', () => {
  let app: TestApp;
  let user: UserHolder;
  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    await allowPersonalTokens(app);
    user = await aTokenMaker(app, ['view_customer', 'view_role']);
  });
  afterAll(() => app.close());

  const post = (more: object = {}, headers = user.headers) => postToken(app, headers, more);
  const count = async () => (await rowsOf(app.database, "SELECT 1 FROM api_keys WHERE kind = 'personal'")).length;

  itNeedsAuthentication(() => app, [{ method: 'POST', path: '/crm/personal-tokens', body: { name: 'x' } }]);
  itIsAudited(() => app, {
    event: 'personal_token.created',
    subjectType: 'personal_token',
    subjectId: ({ body }) => body.personal_token_id,
    act: () => post({ permissions: ['view_role'] }),
  });

  it('201 with the token, shown this once, in the format of keys and with a prefix of its own', async () => {
    const answer = await post({ description: 'Nightly', expiry_date: '2030-12-31', permissions: ['View_Customer'] });
    expect(answer.status).toBe(201);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { token, personal_token_id: id, ...rest } = answer.body;
    expect(token).toMatch(/^pat_live_[0-9A-Za-z]{49}$/);
    expect(hasValidChecksum(token)).toBe(true);
    expect(rest).toEqual({
      user_id: user.userId,
      kind: 'personal',
      name: 'A token',
      description: 'Nightly',
      created_by: user.email,
      status: 'active',
      created: app.clock.instant(),
      expiry_date: '2030-12-31T23:59:59.000Z',
      permissions: ['view_customer'],
      allowed_addresses: null,
      last_used_at: null,
      last_used_address: null,
    });
    const rows = JSON.stringify(await rowsOf(app.database, `SELECT * FROM api_keys WHERE api_key_id = ${id}`));
    expect(rows).not.toContain(token);
    const [record] = await recordsOfRequest(app, answer);
    expect(JSON.stringify(record)).not.toContain(token);
    const list = await app.ask('GET', '/crm/personal-tokens', { headers: user.headers });
    expect(list.text).not.toContain(token);
    expect(list.text).toContain(`pat_live_...${token.slice(-4)}`);
  });

  it('201 with all that the user holds at this moment when no permissions are named', async () => {
    const { body } = await post();
    expect(body.permissions).toEqual(['create_personal_token', 'view_customer', 'view_role']);
    expect(body.expiry_date).toBeNull();
  });

  it('201 with another prefix from the next token on, once the configuration says so', async () => {
    await app.reconfigure(`${CONFIG}api_key_policy: { personal_prefix: acme_pat_ }\n`);
    const { body } = await post();
    await app.reconfigure(CONFIG);
    expect(body.token).toMatch(/^acme_pat_/);
    const headers = { 'x-api-key': body.token };
    expect((await app.ask('GET', '/crm/auth/whoami', { headers })).body.kind).toBe('personal_token');
  });

  it('201 once, and again without the secret, for one Idempotency-Key', async () => {
    const headers = { ...user.headers, 'idempotency-key': 'one-token-please' };
    const [first, again] = [await post({}, headers), await post({}, headers)];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(again.text).not.toContain(first.body.token);
    expect(again.body.personal_token_id).toBe(first.body.personal_token_id);
  });

  it.each([
    [{ name: '' }, '/name'],
    [{ permissions: [] }, '/permissions'],
    [{ permissions: null }, '/permissions'],
    [{ permissions: ['*'] }, '/permissions/0'],
    [{ permissions: ['view_nothing'] }, '/permissions/0'],
    [{ expiry_date: '2029-12-31' }, '/expiry_date'],
    [{ allowed_addresses: [] }, '/allowed_addresses'],
    [{ roles: ['Admin'] }, '/roles'],
    [{ customer_ids: [1] }, '/customer_ids'],
    [{ user_id: 1 }, '/user_id'],
    [{ created_by: 'x' }, '/created_by'],
    [{ bound_to_creator: false }, '/bound_to_creator'],
    [{ kind: 'organization' }, '/kind'],
    [{ rate_limit: 100_000 }, '/rate_limit'],
  ])('400 for %j', async (more, at) => {
    const before = await count();
    const answer = await post(more);
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([at]);
    expect(await count()).toBe(before);
  });

  it('403 naming what the user does not hold, with a record of the attempt and nothing made', async () => {
    const before = await count();
    for (const wanted of ['update_customer', 'admin']) {
      const answer = await post({ permissions: ['view_customer', wanted] });
      const problem = expectProblem(answer, 403, 'rbac.cannot_grant');
      expect(problem.missing_permissions).toEqual([wanted]);
      expect(await recordsOfRequest(app, answer)).toMatchObject([{ event: 'authz_fail' }]);
    }
    expect(await count()).toBe(before);
  });

  it('403 naming create_personal_token for a user without it, also for one who looks after the tokens of others', async () => {
    const keeper = await aTokenMaker(app, ['manage_personal_tokens']);
    const { role_id: roleId } = (await roles()).find(({ name }: { name: string }) => name === keeper.role);
    const body = { permissions: ['manage_personal_tokens', 'view_role'] };
    await app.ask('PATCH', `/crm/roles/${roleId}`, { headers: await asAdmin(app), body });
    for (const { headers } of [keeper, await asUser(app, ['Support'])]) {
      const problem = expectProblem(await post({}, headers), 403, 'rbac.missing_permission');
      expect(problem.missing_permissions).toEqual(['create_personal_token']);
    }
  });

  const roles = async () =>
    (await app.ask('GET', '/crm/roles?limit=100', { headers: await asAdmin(app) })).body.data as any[];

  it('403 for a token, a key and an address, whatever they hold and however the body looks', async () => {
    const token = await aToken(app, user);
    const key = await asApiKey(app, ['admin']);
    const before = await count();
    const bearer = { authorization: `Bearer ${token.key}` };
    const callers: Asking[] = [{ headers: token.headers }, { headers: bearer }, key, { from: '127.0.0.9' }];
    for (const body of [{ name: 'x' }, { nonsense: 1 }]) {
      for (const { headers = {}, from = '127.0.0.1' } of callers) {
        const answer = await app.ask('POST', '/crm/personal-tokens', { headers, body, from });
        expectProblem(answer, 403, 'rbac.wrong_principal');
      }
    }
    expect(await count()).toBe(before);
  });

  it('403 with a code of its own while the setting is off', async () => {
    await allowPersonalTokens(app, false);
    const records = await countRecords(app);
    expectProblem(await post(), 403, 'personal_tokens.disabled');
    expect(await countRecords(app)).toBe(records);
    await allowPersonalTokens(app);
    expect((await post()).status).toBe(201);
  });

  it('422 past the longest life that the policy allows to keys', async () => {
    await app.reconfigure(`${CONFIG}api_key_policy: { max_lifetime_days: 30 }\n`);
    for (const expiry_date of [null, app.clock.instant(31 * DAY)]) {
      expectProblem(await post({ expiry_date }), 422, 'api_keys.lifetime_too_long');
    }
    expect((await post({ expiry_date: app.clock.instant(29 * DAY) })).status).toBe(201);
    await app.reconfigure(CONFIG);
  });

  it('201 over one’s own customers: who is tied to them may hand on the right to them', async () => {
    const { customer_id: own } = await aCustomer(app);
    const portal = await aTokenMaker(app, ['view_own_customer'], [own]);
    expect((await post({ permissions: ['view_own_customer'] }, portal.headers)).status).toBe(201);
  });
});
