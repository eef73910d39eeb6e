import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { asAdmin, asApiKey, asUser, type Credentials, type UserHolder } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';
import { enrol, nextCode, twoFactor } from '../../support/two-factor.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [admin], allow_admin: true }]\n`;

describe('POST /crm/2fa/reset/user/{user_id}', () => {
  let app: TestApp;
  let user: UserHolder;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
    await enrol(app, user);
    admin = await asAdmin(app);
  });

  const reset = (headers: Credentials, of = user.userId): Promise<Answer> => twoFactor(app, 'reset', { of, headers });
  const login = (): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email: user.email, password: user.password } });
  const helper = async (permissions: string[], customerIds: number[] = []): Promise<Credentials> =>
    (await asUser(app, [await aRole(app, permissions)], customerIds)).headers;

  itNeedsAuthentication(() => app, [{ method: 'POST', path: '/crm/2fa/reset/user/1' }]);

  it('204: the password is enough again; the sessions go on', async () => {
    const answer = await reset(admin);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    expect((await login()).body.token).toBeDefined();
    expect((await app.ask('GET', '/crm/auth/whoami', { headers: user.headers })).status).toBe(200);
    const profile = await app.ask('GET', '/crm/auth/profile', { headers: user.headers });
    expect(profile.body.two_factor_enabled).toBe(false);
    await enrol(app, user);
  });

  it('204 for somebody with just the right to it who holds what the target holds', async () => {
    user = await asUser(app, [await aRole(app, ['view_customer'])]);
    await enrol(app, user);
    expect((await reset(await helper(['reset_user_2fa', 'view_customer']))).status).toBe(204);
  });

  it('403 for a target with more rights or other customers; it stays on', async () => {
    const above = await reset(await helper(['reset_user_2fa']));
    expectProblem(above, 403, 'users.target_above_you');
    expect((await recordsOfRequest(app, above)).map(({ event }) => event)).toEqual(['authz_fail']);
    const { customer_id: customerId } = await aCustomer(app);
    user = await asUser(app, [await aRole(app, ['view_own_customer'])], [customerId]);
    await enrol(app, user);
    const mine = (await aCustomer(app)).customer_id;
    expectProblem(await reset(await helper(['reset_user_2fa', 'view_own_customer'], [mine])), 403);
    expect((await login()).body.two_factor_required).toBe(true);
  });

  it('403 without the right, and for a key or an address whatever they hold', async () => {
    expectProblem(await reset(await helper(['update_user', 'reset_user_password'])), 403, 'rbac.missing_permission');
    expectProblem(await reset((await asApiKey(app, ['admin'])).headers), 403, 'rbac.wrong_principal');
    const path = `/crm/2fa/reset/user/${user.userId}`;
    expectProblem(await app.ask('POST', path, { from: TRUSTED }), 403, 'rbac.wrong_principal');
    expect((await login()).body.two_factor_required).toBe(true);
  });

  it('404 for nobody, 400 for a malformed id, 409 where nothing is to be reset', async () => {
    const headers = admin;
    expectProblem(await reset(headers, 2_000_000_000), 404, 'users.not_found');
    expectProblem(await app.ask('POST', '/crm/2fa/reset/user/x', { headers }), 400);
    expectProblem(await reset(headers, (await asUser(app, ['Support'])).userId), 409, 'auth.two_factor_not_enabled');
  });

  it('409 for oneself: a session and a code are less than a password and a code', async () => {
    const holder = await asUser(app, ['Admin']);
    const { secret } = await enrol(app, holder);
    const headers = { ...holder.headers, 'x-two-factor-code': nextCode(app, secret) };
    expectProblem(await reset(headers, holder.userId), 409, 'auth.own_reset');
  });

  itIsAudited(() => app, {
    event: 'user.two_factor_reset',
    subjectType: 'user',
    subjectId: () => user.userId,
    act: () => reset(admin),
  });
});
