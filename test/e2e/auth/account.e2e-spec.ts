import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, asApiKey, asUser, type Credentials, login, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';
import { UsersService } from '../../../src/users/users.service.js';
import { systemPrincipal } from '../../../src/common/principal.js';
import { PasswordHasher } from '../../../src/platform/secrets/password-hasher.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [admin], allow_admin: true }]\n`;
const NEW = 'a better horse, a newer staple';
const MINUTE = 60_000;

describe('one’s own account', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
  });
  afterEach(() => jest.restoreAllMocks());

  const change = (headers: Credentials, current: unknown, next: unknown, more: object = {}): Promise<Answer> =>
    app.ask('POST', '/crm/auth/password/change', {
      headers,
      body: { current_password: current, new_password: next, ...more },
    });
  const profile = (headers: Credentials): Promise<Answer> => app.ask('GET', '/crm/auth/profile', { headers });
  const patch = (headers: Credentials, body: unknown): Promise<Answer> =>
    app.ask('PATCH', '/crm/auth/profile', { headers, body });
  const attempt = (password: string): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email: user.email, password } });
  const isAlive = async (headers: Credentials): Promise<boolean> =>
    (await app.ask('GET', '/crm/auth/whoami', { headers })).status === 200;

  describe('POST /crm/auth/password/change', () => {
    it('204: the new password is the one, all other sessions end, the one that asks stays', async () => {
      const other = await login(app, user.email, user.password);
      const answer = await change(user.headers, user.password, NEW);
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expect(await isAlive(user.headers)).toBe(true);
      expect(await isAlive(other.headers)).toBe(false);
      const refresh = { body: { refresh_token: other.refreshToken } };
      expectProblem(await app.ask('POST', '/crm/auth/refresh', refresh), 401);
      expectProblem(await attempt(user.password), 401, 'auth.invalid_credentials');
      expect((await attempt(NEW)).status).toBe(200);
      const records = await recordsOfRequest(app, answer);
      expect(records.map(({ event }) => event)).toEqual(['user.password_changed', 'session.ended']);
      for (const record of records) {
        expect(record).toMatchObject({ actorKind: 'user', actorId: user.userId, subjectId: user.userId });
        expect(JSON.stringify(record)).not.toMatch(/argon2|horse|a password/);
      }
    });

    it('403 for a wrong current password: nothing changes but the record of it', async () => {
      const other = await login(app, user.email, user.password);
      const before = await countRecords(app);
      const answer = await change(user.headers, 'not the password', NEW);
      expectProblem(answer, 403, 'auth.wrong_password');
      expect(answer.headers['www-authenticate']).toBeUndefined();
      expect(await isAlive(other.headers)).toBe(true);
      expect((await countRecords(app)) - before).toBe(1);
      const [record] = await recordsOfRequest(app, answer);
      expect(record).toMatchObject({
        event: 'authn_password_change_fail',
        actorId: user.userId,
        subjectId: user.userId,
      });
      expect((await attempt(user.password)).status).toBe(200);
    });

    it.each([
      ['a common one', 'password1234', 'passwords.too_common'],
      ['a common one in other case', 'QWERTY123456', 'passwords.too_common'],
      ['the e-mail', () => user.email, 'passwords.is_email'],
      ['the e-mail in other case', () => user.email.toUpperCase(), 'passwords.is_email'],
    ])('422 for %s, and the old one stays', async (_what, next, code) => {
      const answer = await change(user.headers, user.password, typeof next === 'string' ? next : next());
      expectProblem(answer, 422, code);
      expect((await attempt(user.password)).status).toBe(200);
    });

    it.each([undefined, null, '', 'x'.repeat(11), 'x'.repeat(129), 1, {}, ['a long enough password'], { password: 1 }])(
      '400 for the new password %j',
      async (next) => {
        const answer = await change(user.headers, user.password, next);
        expectProblem(answer, 400, 'request.invalid');
        expect(pointers(answer)).toEqual(['/new_password']);
      },
    );

    it.each([undefined, null, '', 1, {}, [], 'x'.repeat(129)])('400 for the current password %j', async (current) => {
      const answer = await change(user.headers, current, NEW);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/current_password']);
    });

    it('400 naming somebody else, and their password stays', async () => {
      const answer = await change(user.headers, user.password, NEW, { user_id: 1, email: 'admin@example.com' });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer).toSorted()).toEqual(['/email', '/user_id']);
      expect((await asAdmin(app)).authorization).toBeDefined();
    });

    it('204 takes a password of 128 bytes whole: another tail is another password', async () => {
      const long = 'x'.repeat(72);
      expect((await change(user.headers, user.password, `${long} and its own end`)).status).toBe(204);
      expectProblem(await attempt(`${long} and another end`), 401);
      expect((await attempt(`${long} and its own end`)).status).toBe(200);
    });

    it('403 for one of two changes at once: the password that it proved is gone', async () => {
      const answers = await Promise.all([1, 2].map((it) => change(user.headers, user.password, `${NEW} ${it}`)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 403]);
      const winner = 1 + answers.findIndex(({ status }) => status === 204);
      expect((await attempt(`${NEW} ${winner}`)).status).toBe(200);
    });

    it('401 for a login that verified the old password before the change and ends after it', async () => {
      const verify = PasswordHasher.prototype.verify;
      const verified = Promise.withResolvers<void>();
      const changed = Promise.withResolvers<void>();
      const slow = jest.spyOn(PasswordHasher.prototype, 'verify').mockImplementationOnce(async function (
        this: PasswordHasher,
        ...given
      ) {
        const isRight = await verify.apply(this, given);
        verified.resolve();
        await changed.promise;
        return isRight;
      });
      const late = attempt(user.password);
      await verified.promise;
      slow.mockRestore();
      expect((await change(user.headers, user.password, NEW)).status).toBe(204);
      changed.resolve();
      expectProblem(await late, 401, 'auth.invalid_credentials');
      const sessions = await app.ask('GET', '/crm/auth/sessions', { headers: user.headers });
      expect(sessions.body.data).toHaveLength(1);
    });
  });

  describe('tries of the current password', () => {
    beforeAll(() => app.reconfigure(CONFIG.replace('login: 0', 'login: 10')));
    afterAll(() => app.reconfigure(CONFIG));
    beforeEach(() => app.clock.advance(MINUTE));

    it('429 after ten, together with failed logins of the account, and locked out is recorded once', async () => {
      const before = (await recordsOf(app, 'authn_login_lock')).length;
      const answers: Answer[] = [];
      for (let index = 0; index < 5; index += 1) {
        answers.push(await attempt('wrong wrong wrong'), await change(user.headers, 'wrong wrong wrong', NEW));
      }
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => [401, 403]).flat());
      for (let index = 0; index < 3; index += 1) {
        const answer = await change(user.headers, user.password, NEW);
        expectProblem(answer, 429, 'throttling.too_many_failures');
        expect(answer.headers['retry-after']).toBe('60');
      }
      expect((await recordsOf(app, 'authn_login_lock')).length - before).toBe(1);
      app.clock.advance(MINUTE);
      expect((await change(user.headers, user.password, NEW)).status).toBe(204);
    });

    it('429 for all but ten of a hundred at once: no more reach the password', async () => {
      const verify = jest.spyOn(PasswordHasher.prototype, 'verify');
      const answers = await Promise.all(Array.from({ length: 100 }, () => change(user.headers, 'wrong wrong', NEW)));
      expect(verify.mock.calls.length).toBeLessThanOrEqual(10);
      expect(answers.filter(({ status }) => status === 403)).toHaveLength(10);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(90);
    });
  });

  describe('the same rules', () => {
    const create = async (email: string, password: string): Promise<Answer> => {
      const body = { email, name: 'x', password };
      return app.ask('POST', '/crm/users', { headers: await asAdmin(app), body });
    };

    it('422 where a user is created', async () => {
      expectProblem(await create('someone.new@example.com', 'Administrator'), 422, 'passwords.too_common');
      expectProblem(await create('someone.new@example.com', 'Someone.New@example.com'), 422, 'passwords.is_email');
      expect((await create('someone.new@example.com', 'a long enough password')).status).toBe(201);
    });

    it('and at the command line', async () => {
      const reset = (password: string) =>
        app.get(UsersService).resetFromCommandLine(systemPrincipal('test'), user.userId, password);
      await expect(reset('password1234')).rejects.toMatchObject({ code: 'passwords.too_common' });
      await expect(reset(user.email)).rejects.toMatchObject({ code: 'passwords.is_email' });
      expect(await isAlive(user.headers)).toBe(true);
    });
  });

  describe('GET and PATCH /crm/auth/profile', () => {
    it('200 with one’s own account, and nothing secret', async () => {
      const { customer_id: customerId } = await aCustomer(app);
      const holder = await asUser(app, ['Customer'], [customerId]);
      const answer = await profile(holder.headers);
      expect([answer.status, answer.headers.etag]).toEqual([200, '"1"']);
      expect(answer.body).toEqual({
        user_id: holder.userId,
        email: holder.email,
        name: expect.stringMatching(/^User \d+$/),
        roles: ['Customer'],
        customer_ids: [customerId],
        two_factor_enabled: false,
        last_login_at: app.clock.instant(),
        created: app.clock.instant(),
        updated: app.clock.instant(),
      });
    });

    it('200 with the new name, for who may do nothing else', async () => {
      const { customer_id: customerId } = await aCustomer(app);
      const holder = await asUser(app, [], [customerId]);
      const answer = await patch(holder.headers, { name: '  Zoë 😀  ' });
      expect([answer.status, answer.body.name, answer.headers.etag]).toEqual([200, 'Zoë 😀', '"2"']);
      expect((await profile(holder.headers)).body).toEqual(answer.body);
      const found = await app.ask('GET', '/crm/users?search=zo%C3%AB', { headers: await asAdmin(app) });
      expect(found.body.data.map((row: any) => row.user_id)).toContain(holder.userId);
    });

    it('200 and no record when nothing changes', async () => {
      const { name } = (await profile(user.headers)).body;
      const before = await countRecords(app);
      for (const body of [{}, { name }]) expect((await patch(user.headers, body)).headers.etag).toBe('"1"');
      expect(await countRecords(app)).toBe(before);
    });

    it('412 when it has changed meanwhile', async () => {
      await patch(user.headers, { name: 'One' });
      const headers = { ...user.headers, 'if-match': '"1"' };
      expectProblem(await patch(headers, { name: 'Two' }), 412);
      expect((await patch({ ...headers, 'if-match': '"2"' }, { name: 'Two' })).status).toBe(200);
    });

    it.each<object>([
      { email: 'other@example.com' },
      { roles: ['Admin'] },
      { customer_ids: [1] },
      { status: 'active' },
      { password: 'another long password' },
      { user_id: 1 },
      { two_factor_enabled: true },
      { constructor: 1 },
    ])('400 for %j: it is not one’s own to change', async (body) => {
      const answer = await patch(user.headers, { name: 'Changed', ...body });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(Object.keys(body).map((name) => `/${name}`));
      expect((await profile(user.headers)).body.name).not.toBe('Changed');
    });

    it.each([null, '', ' ', 'x'.repeat(201), 1, {}, ['x'], 'a\0b', '\ud800'])('400 for the name %j', async (name) => {
      expectProblem(await patch(user.headers, { name }), 400, 'request.invalid');
    });

    itIsAudited(() => app, {
      event: 'user.updated',
      subjectType: 'user',
      subjectId: (answer) => answer.body.user_id as number,
      act: () => patch(user.headers, { name: 'Renamed' }),
      before: { name: expect.stringMatching(/^User/) },
      after: { name: 'Renamed' },
    });
  });

  const OWN = [
    ['GET', '/crm/auth/profile', undefined],
    ['PATCH', '/crm/auth/profile', { name: 'x' }],
    ['POST', '/crm/auth/password/change', { current_password: 'x', new_password: NEW }],
  ] as const;

  it.each(OWN)('403 for a key and a trusted address, whatever they hold: %s %s', async (method, path, body) => {
    const { key } = await asApiKey(app, ['admin']);
    for (const headers of [{ 'x-api-key': key }, { authorization: `Bearer ${key}` }] as Credentials[]) {
      expectProblem(await app.ask(method, path, { headers, body }), 403, 'rbac.wrong_principal');
    }
    expectProblem(await app.ask(method, path, { from: TRUSTED, body }), 403, 'rbac.wrong_principal');
  });

  itNeedsAuthentication(
    () => app,
    OWN.map(([method, path, body]) => ({ method, path, body })),
  );
});
