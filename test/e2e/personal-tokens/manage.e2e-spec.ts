import { RouteInspector } from '../../../src/rbac/route-inspector.js';
import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itPaginates } from '../../support/contracts/pages.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { aToken, allowPersonalTokens, aTokenMaker } from '../../support/personal-tokens.js';
import {
  asAdmin,
  asApiKey,
  asUser,
  type Credentials,
  type KeyHolder,
  type UserHolder,
} from '../../support/principals.js';

const PATH = '/crm/personal-tokens';
const ABSENT = 2_000_000_000;

describe('looking after personal tokens', () => {
  let app: TestApp;
  let admin: Credentials;
  let maria: UserHolder;
  let karl: UserHolder;
  let keeper: UserHolder;
  let ofMaria: KeyHolder;
  let ofKarl: KeyHolder;
  let spare: KeyHolder;
  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    await allowPersonalTokens(app);
    maria = await aTokenMaker(app, ['view_customer', 'manage_api_keys']);
    karl = await aTokenMaker(app, ['view_customer']);
    keeper = await asUser(app, [await aRole(app, ['manage_personal_tokens'])]);
    ofMaria = await aToken(app, maria, { name: 'Of Maria' });
    ofKarl = await aToken(app, karl, { name: 'Of Karl' });
    spare = await aToken(app, karl);
    for (const name of ['b', 'A', 'c', 'a', 'B', 'C', 'd', 'e']) await aToken(app, maria, { name });
  });
  afterAll(() => app.close());

  const list = (query: string, { headers }: { headers: Credentials }) =>
    app.ask('GET', `${PATH}?limit=100&${query}`, { headers });
  const ownersIn = async (query: string, who: { headers: Credentials }) => {
    const { status, text, body } = await list(query, who);
    if (status !== 200) throw new Error(text);
    return [...new Set<number>(body.data.map((row: { user_id: number }) => row.user_id))];
  };
  const revoke = (id: number, { headers }: { headers: Credentials }, more: Credentials = {}) =>
    app.ask('DELETE', `${PATH}/${id}`, { headers: { ...headers, ...more } });

  itNeedsAuthentication(
    () => app,
    [
      { method: 'GET', path: PATH },
      { method: 'DELETE', path: `${PATH}/1` },
      { method: 'GET', path: `${PATH}/1/usage` },
      { method: 'GET', path: `${PATH}/1/access-logs` },
    ],
  );
  itPaginates(() => app, {
    path: PATH,
    id: 'personal_token_id',
    as: () => keeper.headers,
    defaultSort: 'personal_token_id',
    sorts: {
      personal_token_id: (row) => row.personal_token_id,
      name: (row) => row.name.toLowerCase(),
      created: (row) => row.created,
      expiry_date: (row) => row.expiry_date,
      last_used_at: (row) => row.last_used_at,
    },
    filter: 'status=active',
  });
  itIsAudited(() => app, {
    event: 'personal_token.revoked',
    subjectType: 'personal_token',
    subjectId: () => spare.apiKeyId,
    act: () => revoke(spare.apiKeyId, karl),
    before: { status: 'active' },
    after: { status: 'revoked' },
  });

  it('200 with one’s own alone, whoever is named', async () => {
    expect(await ownersIn('', maria)).toEqual([maria.userId]);
    expect(await ownersIn(`user_id=${karl.userId}`, karl)).toEqual([karl.userId]);
    const refused = await list(`user_id=${maria.userId}`, karl);
    expect(expectProblem(refused, 403, 'rbac.missing_permission').missing_permissions).toEqual([
      'manage_personal_tokens',
    ]);
    expect((await list(`user_id=${ABSENT}`, karl)).status).toBe(403);
  });

  it('200 with everybody’s, or one user’s, for whoever looks after them', async () => {
    for (const who of [keeper, { headers: admin }]) {
      expect(await ownersIn('sort=personal_token_id', who)).toEqual([maria.userId, karl.userId]);
      expect(await ownersIn(`user_id=${karl.userId}`, who)).toEqual([karl.userId]);
      expect(await ownersIn(`user_id=${ABSENT}`, who)).toEqual([]);
    }
  });

  it('200 with what a search finds: words of the name and the visible part of the token, never more of it', async () => {
    const found = async (search: string) => (await list(`search=${search}`, keeper)).body.data.length as number;
    expect(await found('karl')).toBeGreaterThan(0);
    expect(await found(ofKarl.key.slice(-4))).toBe(1);
    expect(await found(ofKarl.key.slice(9, 25))).toBe(0);
  });

  it('204 by its user, and 401 for the token on its next request; it stays in the list of revoked ones', async () => {
    const token = await aToken(app, karl);
    expect((await app.ask('GET', '/crm/customers', { headers: token.headers })).status).toBe(200);
    expect((await revoke(token.apiKeyId, karl)).status).toBe(204);
    expectProblem(await app.ask('GET', '/crm/customers', { headers: token.headers }), 401, 'auth.invalid_credentials');
    const idsOf = async (query: string) =>
      (await list(query, karl)).body.data.map((row: { personal_token_id: number }) => row.personal_token_id);
    expect(await idsOf('')).not.toContain(token.apiKeyId);
    expect(await idsOf('status=revoked')).toContain(token.apiKeyId);
    expectProblem(await revoke(token.apiKeyId, karl), 404, 'personal_tokens.not_found');
  });

  it('204 by whoever looks after them, also while tokens are switched off', async () => {
    const token = await aToken(app, karl);
    await allowPersonalTokens(app, false);
    expect((await revoke(token.apiKeyId, keeper)).status).toBe(204);
    await allowPersonalTokens(app);
    expect((await app.ask('GET', '/crm/customers', { headers: token.headers })).status).toBe(401);
  });

  it('404 for somebody else’s as for an absent one and for a key of the organisation; nothing is revoked', async () => {
    const key = await asApiKey(app, ['view_customer']);
    for (const id of [ofKarl.apiKeyId, ABSENT, key.apiKeyId]) {
      expectProblem(await revoke(id, maria), 404, 'personal_tokens.not_found');
    }
    expectProblem(await revoke(key.apiKeyId, { headers: admin }), 404, 'personal_tokens.not_found');
    for (const { headers } of [ofKarl, key]) {
      expect((await app.ask('GET', '/crm/customers', { headers })).status).toBe(200);
    }
  });

  it('200 with what a token was used for, for its user and whoever looks after them; 404 for everybody else', async () => {
    const token = await aToken(app, karl);
    await app.ask('GET', '/crm/customers', { headers: token.headers });
    const ask = (what: string, who: { headers: Credentials }) =>
      app.ask('GET', `${PATH}/${token.apiKeyId}/${what}`, { headers: who.headers });
    for (const who of [karl, keeper]) {
      expect((await ask('usage', who)).body).toMatchObject({ total: 1 });
      const { data } = (await ask('access-logs', who)).body;
      expect(data).toMatchObject([{ path: '/crm/customers', actor: { kind: 'personal_token', id: token.apiKeyId } }]);
    }
    const key = await asApiKey(app, ['view_customer']);
    for (const what of ['usage', 'access-logs']) {
      expectProblem(await ask(what, maria), 404, 'personal_tokens.not_found');
      const ofKey = await app.ask('GET', `${PATH}/${key.apiKeyId}/${what}`, { headers: admin });
      expectProblem(ofKey, 404, 'personal_tokens.not_found');
    }
  });

  it('400 for what is no id, 412 for an older version', async () => {
    expectProblem(await app.ask('DELETE', `${PATH}/abc`, { headers: admin }), 400);
    expectProblem(await revoke(ofKarl.apiKeyId, karl, { 'if-match': '"99"' }), 412);
  });

  it('is none of the key managers’ business: no list, count or route of keys shows or changes one', async () => {
    const manager = await asApiKey(app, ['manage_api_keys', 'view_customer', 'create_personal_token']);
    const ask = (method: string, path: string, body?: unknown) =>
      app.ask(method, `/crm/api-keys${path}`, { headers: manager.headers, body });
    for (const query of ['?limit=100', '?limit=100&status=all', '?search=karl']) {
      const { data } = (await ask('GET', query)).body;
      expect(data.filter((row: { kind: string }) => row.kind !== 'organization')).toEqual([]);
    }
    const { total } = (await ask('GET', '/stats')).body;
    expect((await ask('GET', '?count=true&limit=1')).body.page.total).toBe(total);
    const at = `/${ofKarl.apiKeyId}`;
    for (const [method, path, body] of [
      ['GET', at],
      ['PATCH', at, { permissions: ['view_customer'] }],
      ['DELETE', at],
      ['POST', `${at}/regenerate`, {}],
      ['GET', `${at}/rotation`],
      ['DELETE', `${at}/rotation`],
      ['GET', `${at}/usage`],
      ['GET', `${at}/access-logs`],
      ['GET', `${at}/advice`],
    ] as const) {
      const answer = await ask(method, path, body);
      expect([method, path, answer.status]).toEqual([method, path, 404]);
    }
    expect((await app.ask('GET', '/crm/customers', { headers: ofKarl.headers })).status).toBe(200);
  });

  it('403 on every route that is for a user’s own session, however much its user holds', async () => {
    const boss = await asUser(app, ['Admin']);
    const token = await aToken(app, boss);
    const routes = app
      .get(RouteInspector)
      .routes()
      .filter(({ access }) => access && access.kind !== 'public' && access.principals.join() === 'user');
    expect(routes.map(({ handler }) => handler)).toEqual(
      expect.arrayContaining([
        ...['AccountController.changePassword', 'AccountController.profile', 'AccountController.updateProfile'],
        ...['SessionsController.end', 'SessionsController.endOthers', 'SessionsController.list'],
        ...['PersonalTokensController.create', 'PersonalTokensController.list', 'PersonalTokensController.revoke'],
      ]),
    );
    for (const { method, path } of routes) {
      const answer = await app.ask(method, path.replace(/:\w+/g, String(ofKarl.apiKeyId)), { headers: token.headers });
      expectProblem(answer, 403, 'rbac.wrong_principal');
    }
  });

  it('explains itself: the token keeps what it was made with, and says when it is switched off', async () => {
    const explain = async (permission: string, kind = 'personal_token') => {
      const body = { principal: { kind, id: ofMaria.apiKeyId }, permission };
      return (await app.ask('POST', '/crm/authz/explain', { headers: admin, body })).body;
    };
    expect(await explain('view_customer')).toMatchObject({ allowed: true, because: [{ permission: 'view_customer' }] });
    expect(await explain('delete_customer')).toMatchObject({ allowed: false, smallest_grant: null });
    await allowPersonalTokens(app, false);
    expect(await explain('view_customer')).toMatchObject({ allowed: false, reason: expect.stringContaining('off') });
    await allowPersonalTokens(app);
    const route = { method: 'POST', path: PATH, principal: { kind: 'personal_token', id: ofMaria.apiKeyId } };
    const answer = await app.ask('POST', '/crm/authz/explain', { headers: admin, body: route });
    expect(answer.body).toMatchObject({ allowed: false, reason: expect.stringContaining('only for: user') });
  });

  it('is alive or not for other services as it is here', async () => {
    const form = { ...admin, 'content-type': 'application/x-www-form-urlencoded' };
    const introspect = async () =>
      (await app.ask('POST', '/crm/auth/introspect', { headers: form, body: `token=${ofKarl.key}` })).body;
    expect(await introspect()).toMatchObject({ active: true });
    await allowPersonalTokens(app, false);
    expect(await introspect()).toEqual({ active: false });
    await allowPersonalTokens(app);
  });
});
