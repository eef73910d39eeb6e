import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { asAdmin, asApiKey, asUser, type Credentials, login, type UserHolder } from '../../support/principals.js';
import { enrol, nextCode, twoFactor } from '../../support/two-factor.js';

const REQUIRED = 'auth.two_factor_enrolment_required';
const demanding = (section: string): string => `${NO_LIMITS}two_factor: ${section}\n`;

describe('two-factor that is demanded', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await app.reconfigure(NO_LIMITS);
    user = await asUser(app, ['Support']);
  });

  const signIn = ({ email, password }: UserHolder): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email, password } });
  const get = (path: string, headers: Credentials = user.headers): Promise<Answer> => app.ask('GET', path, { headers });

  it.each(['{ required: true }', '{ required_roles: [support] }', '{ required_roles: [Finance, SUPPORT] }'])(
    '200 at login, saying so, with a token that reaches hardly anything: %s',
    async (section) => {
      await app.reconfigure(demanding(section));
      const answer = await signIn(user);
      expect(answer.status).toBe(200);
      expect(answer.body).toMatchObject({ token: expect.any(String), two_factor_enrolment_required: true });
      const headers = { authorization: `Bearer ${answer.body.token}` };
      for (const path of ['/crm/customers', '/crm/auth/profile', '/crm/auth/sessions', '/crm/auth/forward']) {
        expectProblem(await get(path, headers), 403, REQUIRED);
      }
      const body = { current_password: user.password, new_password: 'a better horse, a newer staple' };
      expectProblem(await app.ask('POST', '/crm/auth/password/change', { headers, body }), 403, REQUIRED);
      expect((await get('/crm/auth/whoami', headers)).status).toBe(200);
      expect((await app.ask('POST', '/crm/auth/logout', { headers })).status).toBe(204);
    },
  );

  it('200 everywhere for the same token once it is set up, and no word of it at the next login', async () => {
    await app.reconfigure(demanding('{ required: true }'));
    const { token } = (await signIn(user)).body;
    const headers = { authorization: `Bearer ${token}` };
    expectProblem(await get('/crm/customers', headers), 403, REQUIRED);
    const { secret } = await enrol(app, { ...user, headers });
    expect((await get('/crm/customers', headers)).status).toBe(200);
    const challenge = (await signIn(user)).body.challenge_token;
    const body = { challenge_token: challenge, code: nextCode(app, secret) };
    const answer = await app.ask('POST', '/crm/auth/login/2fa', { body });
    expect(answer.status).toBe(200);
    expect(answer.body.two_factor_enrolment_required).toBeUndefined();
    const code = nextCode(app, secret);
    const off = { of: user.userId, headers, body: { password: user.password, code } };
    expect((await twoFactor(app, 'disable', off)).status).toBe(204);
    expectProblem(await get('/crm/customers', headers), 403, REQUIRED);
  });

  it('403 at once for sessions from before the demand, and after a refresh; nothing when it is taken back', async () => {
    expect((await get('/crm/customers')).status).toBe(200);
    await app.reconfigure(demanding('{ required: true }'));
    expectProblem(await get('/crm/customers'), 403, REQUIRED);
    const refreshed = await app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: user.refreshToken } });
    expect(refreshed.body.two_factor_enrolment_required).toBe(true);
    expectProblem(await get('/crm/customers', { authorization: `Bearer ${refreshed.body.token}` }), 403, REQUIRED);
    await app.reconfigure(NO_LIMITS);
    expect((await get('/crm/customers')).status).toBe(200);
  });

  it('403 as soon as a role is given that demands it', async () => {
    const role = await aRole(app, ['view_customer']);
    await app.reconfigure(demanding(`{ required_roles: ['${role}'] }`));
    expect((await get('/crm/customers')).status).toBe(200);
    const headers = await asAdmin(app);
    const body = { roles: ['Support', role] };
    expect((await app.ask('PUT', `/crm/users/${user.userId}/roles`, { headers, body })).status).toBe(200);
    expectProblem(await get('/crm/customers'), 403, REQUIRED);
    expect((await signIn(user)).body.two_factor_enrolment_required).toBe(true);
  });

  it('200 for users of other roles, and for keys', async () => {
    const key = await asApiKey(app, ['view_customer']);
    await app.reconfigure(demanding('{ required_roles: [Finance] }'));
    expect((await signIn(user)).body.two_factor_enrolment_required).toBeUndefined();
    expect((await get('/crm/customers')).status).toBe(200);
    await app.reconfigure(demanding('{ required: true }'));
    expect((await get('/crm/customers', key.headers)).status).toBe(200);
  });

  it('is inactive for other services, and explained', async () => {
    const service = await asApiKey(app, ['introspect_token', 'explain_permission', 'admin']);
    await app.reconfigure(demanding('{ required_roles: [support] }'));
    const { token } = await login(app, user.email, user.password);
    const form = { ...service.headers, 'content-type': 'application/x-www-form-urlencoded' };
    const told = await app.ask('POST', '/crm/auth/introspect', { headers: form, body: `token=${token}` });
    expect(told.text).toBe('{"active":false}');
    const body = { principal: { kind: 'user', id: user.userId }, permission: 'view_customer' };
    const explained = await app.ask('POST', '/crm/authz/explain', { headers: service.headers, body });
    expect(explained.body.allowed).toBe(false);
  });

  it('409 for a change of a role that the file demands it for', async () => {
    const role = await aRole(app, ['view_customer']);
    await app.reconfigure(demanding(`{ required_roles: ['${role}'] }`));
    const headers = await asAdmin(app);
    const { body } = await app.ask('GET', '/crm/roles?limit=100&sort=-role_id', { headers });
    const { role_id: id } = body.data.find((it: { name: string }) => it.name === role);
    expectProblem(await app.ask('DELETE', `/crm/roles/${id}`, { headers }), 409, 'rbac.role_configured');
  });

  it('keeps the last good file when a role is unknown', async () => {
    await app.reconfigure(demanding('{ required: true, required_roles: [nobody has this] }'));
    expect((await get('/crm/customers')).status).toBe(200);
    await expect(TestApp.start({ config: demanding('{ required_roles: [nobody has this] }') })).rejects.toThrow(
      /two_factor\.required_roles.*there is no role called nobody has this/,
    );
  });
});
