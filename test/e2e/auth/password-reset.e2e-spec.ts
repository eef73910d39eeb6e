import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { mailsTo, sendAll, tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asUser, type Credentials, login, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';
import { rowsOf } from '../../support/rows.js';
import { PasswordHasher } from '../../../src/platform/secrets/password-hasher.js';
import { generateKey } from '../../../src/platform/secrets/key-format.js';
import { PasswordLinksService } from '../../../src/users/password-links.service.js';

const NEW = 'a better horse, a newer staple';
const MINUTE = 60_000;
const BASE = 'https://crm.example.com';
const CONFIG = `${NO_LIMITS}http: { base_url: '${BASE}' }\n`;
const CHOOSE = 'Choose a new password';

describe('a password that was forgotten', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
    app.clock.advance(1);
  });
  afterEach(() => jest.restoreAllMocks());

  const forgot = (email: unknown, headers: Credentials = {}): Promise<Answer> =>
    app.ask('POST', '/crm/auth/password/forgot', { headers, body: { email } });
  const reset = (token: unknown, password: unknown = NEW): Promise<Answer> =>
    app.ask('POST', '/crm/auth/password/reset', { body: { token, password } });
  const attempt = (email: string, password: string): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email, password } });
  const forgotten = async (email = user.email): Promise<string> => {
    expect((await forgot(email)).status).toBe(204);
    return tokenMailedTo(app, email, CHOOSE);
  };
  const patch = async (body: unknown): Promise<Answer> =>
    app.ask('PATCH', `/crm/users/${user.userId}`, { headers: await asAdmin(app), body });

  describe('POST /crm/auth/password/forgot', () => {
    it('204 and a mail with a link, made from the configured address', async () => {
      const answer = await forgot(user.email, { host: 'evil.example', 'x-forwarded-host': 'evil.example' });
      expect([answer.status, answer.text]).toEqual([204, '']);
      const [mail] = await mailsTo(app, user.email);
      const token = await tokenMailedTo(app, user.email);
      expect(mail?.headers).toMatchObject({ subject: CHOOSE, from: 'OmniCRM <omnicrm@crm.example.com>' });
      for (const body of [mail?.text, mail?.html]) {
        expect(body).toContain(`${BASE}/reset-password#token=${token}`);
        expect(body).toContain('/crm/auth/password/reset');
        expect(body).not.toContain('evil');
      }
    });

    it('204 for nobody, a deactivated user and an existing one: the very same answer, and no mail for the first two', async () => {
      await patch({ status: 'deactivated' });
      const other = await asUser(app, []);
      const answers = [await forgot('nobody@example.com'), await forgot(user.email), await forgot(other.email)];
      const told = answers.map(({ status, text, headers }) => {
        const { 'x-request-id': _id, date: _date, ...rest } = headers;
        return { status, text, rest };
      });
      expect(told[1]).toEqual(told[0]);
      expect(told[2]).toEqual(told[0]);
      expect(await mailsTo(app, 'nobody@example.com')).toEqual([]);
      expect(await mailsTo(app, user.email)).toEqual([]);
      expect(await mailsTo(app, other.email)).toHaveLength(1);
    });

    it('204 before anything is asked about the account', async () => {
      const work = jest.spyOn(PasswordLinksService.prototype, 'mailForgotten');
      const { promise, resolve } = Promise.withResolvers<void>();
      work.mockImplementationOnce(() => promise);
      expect((await forgot(user.email)).status).toBe(204);
      resolve();
      await sendAll(app);
      expect(work).toHaveBeenCalledTimes(1);
    });

    it.each([
      ['other case', (email: string) => email.toUpperCase()],
      ['blanks', (email: string) => `  ${email}\t`],
      ['full width', (email: string) => email.replace('user', 'ｕｓｅｒ')],
    ])('204 for %s: the same account, and mail goes to the address that we know', async (_what, spelt) => {
      expect((await forgot(spelt(user.email))).status).toBe(204);
      expect(await mailsTo(app, user.email)).toHaveLength(1);
    });

    it('204 for a look-alike: another account, which alone gets the mail', async () => {
      const alike = user.email.replace('e', '\u0435');
      const body = { email: alike, name: 'Look-alike', password: 'some password of theirs' };
      expect((await app.ask('POST', '/crm/users', { headers: await asAdmin(app), body })).status).toBe(201);
      await forgot(alike);
      expect(await mailsTo(app, user.email)).toEqual([]);
      const { token_count: count } = (
        await rowsOf(app.database, `SELECT COUNT(*) AS token_count FROM account_tokens WHERE user_id = ${user.userId}`)
      )[0] as { token_count: number };
      expect(Number(count)).toBe(0);
    });

    it('204 for ever more, and three mails in half an hour', async () => {
      for (let index = 0; index < 6; index += 1) expect((await forgot(user.email)).status).toBe(204);
      expect(await mailsTo(app, user.email)).toHaveLength(3);
      app.clock.advance(31 * MINUTE);
      await forgot(user.email);
      expect(await mailsTo(app, user.email)).toHaveLength(4);
    });

    it('204 for ten at once, and three mails', async () => {
      const answers = await Promise.all(Array.from({ length: 10 }, () => forgot(user.email)));
      expect(answers.every(({ status }) => status === 204)).toBe(true);
      expect(await mailsTo(app, user.email)).toHaveLength(3);
    });

    it('429 for an address that asks too often, whoever it asks for', async () => {
      await app.reconfigure(CONFIG.replace('login: 0', 'login: 5'));
      const answers: Answer[] = [];
      for (let index = 0; index < 7; index += 1) answers.push(await forgot(`stranger${index}@example.com`));
      await app.reconfigure(CONFIG);
      expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 204, 204, 429, 429]);
      expect(answers[5]?.headers['retry-after']).toBeDefined();
    });

    it.each([undefined, null, '', 1, {}, ['a@b.cd'], { email: 1 }, 'x'.repeat(255)])('400 for %j', async (email) => {
      const answer = await forgot(email);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/email']);
    });

    it('is recorded under the account, without the token', async () => {
      const answer = await forgot(user.email);
      const token = await tokenMailedTo(app, user.email);
      const records = await recordsOfRequest(app, answer);
      expect(records).toMatchObject([
        { event: 'user.password_forgotten', actorKind: 'system', subjectId: user.userId },
      ]);
      expect(JSON.stringify(records)).not.toContain(token.slice(-20));
    });
  });

  describe('POST /crm/auth/password/reset', () => {
    it('204: the new password is the one, every session ends, the owner is told', async () => {
      const answer = await reset(await forgotten());
      expect([answer.status, answer.text]).toEqual([204, '']);
      expectProblem(await app.ask('GET', '/crm/auth/whoami', { headers: user.headers }), 401);
      expectProblem(await app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: user.refreshToken } }), 401);
      expectProblem(await attempt(user.email, user.password), 401, 'auth.invalid_credentials');
      app.clock.advance(1);
      expect((await login(app, user.email, NEW)).token).toBeDefined();
      const subjects = (await mailsTo(app, user.email)).map(({ headers }) => headers.subject);
      expect(subjects).toContain('Your password was changed');
      const records = await recordsOfRequest(app, answer);
      expect(records).toMatchObject([{ event: 'user.password_reset', actorId: user.userId, subjectId: user.userId }]);
      expect(JSON.stringify(records)).not.toMatch(/argon2|horse/);
    });

    it('401 for a token that was used, and for any other that was mailed before', async () => {
      const first = await forgotten();
      app.clock.advance(1);
      const second = await forgotten();
      expect(second).not.toBe(first);
      expect((await reset(first)).status).toBe(204);
      for (const token of [first, second]) {
        expectProblem(await reset(token, 'yet another password'), 401, 'users.invalid_token');
      }
      app.clock.advance(1);
      expect((await attempt(user.email, NEW)).status).toBe(200);
    });

    it('401 for all but one of ten uses at once', async () => {
      const token = await forgotten();
      const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => reset(token, `${NEW} ${index}`)));
      const won = answers.findIndex(({ status }) => status === 204);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array<number>(9).fill(401)]);
      app.clock.advance(1);
      expect((await attempt(user.email, `${NEW} ${won}`)).status).toBe(200);
    });

    it('401 after half an hour, told to whoever has the token', async () => {
      const token = await forgotten();
      app.clock.advance(30 * MINUTE - 1);
      expectProblem(await reset(token, 'password1234'), 422, 'passwords.too_common');
      app.clock.advance(1);
      expectProblem(await reset(token), 401, 'users.token_expired');
    });

    it('401 after the password was changed', async () => {
      const token = await forgotten();
      const body = { current_password: user.password, new_password: 'changed in the meantime' };
      const change = await app.ask('POST', '/crm/auth/password/change', { headers: user.headers, body });
      expect(change.status).toBe(204);
      expectProblem(await reset(token), 401, 'users.invalid_token');
      expect((await attempt(user.email, 'changed in the meantime')).status).toBe(200);
    });

    it('401 for a deactivated user, who stays so', async () => {
      const token = await forgotten();
      await patch({ status: 'deactivated' });
      expectProblem(await reset(token), 401, 'users.invalid_token');
      expectProblem(await attempt(user.email, NEW), 401);
      await patch({ status: 'active' });
      app.clock.advance(1);
      expect((await attempt(user.email, user.password)).status).toBe(200);
    });

    it('401 for a deactivation that came while the password was hashed', async () => {
      const token = await forgotten();
      const hash = PasswordHasher.prototype.hash;
      jest.spyOn(PasswordHasher.prototype, 'hash').mockImplementationOnce(async function (this: PasswordHasher, text) {
        await patch({ status: 'deactivated' });
        return hash.call(this, text);
      });
      expectProblem(await reset(token), 401, 'users.invalid_token');
    });

    it('422 for a bad password, and the token is still good', async () => {
      const token = await forgotten();
      expectProblem(await reset(token, 'password1234'), 422, 'passwords.too_common');
      expectProblem(await reset(token, user.email.toUpperCase()), 422, 'passwords.is_email');
      expect((await reset(token)).status).toBe(204);
    });

    it('401 for anything that is no such token, before a password is hashed', async () => {
      const token = await forgotten();
      const hash = jest.spyOn(PasswordHasher.prototype, 'hash');
      const last = token.endsWith('a') ? 'b' : 'a';
      for (const other of [
        'x',
        `${token.slice(0, -1)}${last}`,
        generateKey('mail_'),
        user.token.slice(0, 128),
        ` ${token}`,
      ]) {
        const answer = await reset(other);
        expectProblem(answer, 401, 'users.invalid_token');
        expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
      }
      expect(hash).not.toHaveBeenCalled();
    });

    it.each([
      [undefined, NEW, '/token'],
      [{ token: 1 }, NEW, '/token'],
      ['x'.repeat(129), NEW, '/token'],
      ['x', undefined, '/password'],
      ['x', 'x'.repeat(11), '/password'],
      ['x', 'x'.repeat(129), '/password'],
    ])('400 for %j and %j', async (token, password, pointer) => {
      const answer = await app.ask('POST', '/crm/auth/password/reset', { body: { token, password } });
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual([pointer]);
    });

    it('429 for who guesses', async () => {
      await app.reconfigure(CONFIG.replace('failed_auth: 0', 'failed_auth: 3'));
      const statuses: number[] = [];
      for (let index = 0; index < 5; index += 1) statuses.push((await reset(generateKey('mail_'))).status);
      await app.reconfigure(CONFIG);
      expect(statuses).toEqual([401, 401, 401, 429, 429]);
    });

    it('keeps the token nowhere: not in the database, not in an answer', async () => {
      const token = await forgotten();
      const tables = ['account_tokens', 'mail_messages', 'audit_logs', 'access_logs', 'outbox_events'];
      await app.flushAccessLog();
      for (const table of tables) {
        const rows = await rowsOf(app.database, `SELECT * FROM ${table}`);
        expect(JSON.stringify(rows)).not.toContain(token.slice(5, 40));
      }
      const [mail] = await rowsOf(app.database, 'SELECT * FROM mail_messages ORDER BY message_id DESC LIMIT 1');
      expect(mail).toMatchObject({ status: 'sent', body: null, recipient: user.email, attempts: 1 });
    });
  });

  describe('POST /crm/users/{id}/reset-password', () => {
    const send = (userId: number, headers: Credentials): Promise<Answer> =>
      app.ask('POST', `/crm/users/${userId}/reset-password`, { headers });
    const helper = async (more: string[] = [], customerIds: number[] = []): Promise<UserHolder> => {
      return asUser(app, [await aRole(app, ['reset_user_password', ...more])], customerIds);
    };

    it('204 and a mail with a link; the old password is good until it is used', async () => {
      const answer = await send(user.userId, await asAdmin(app));
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect((await app.ask('GET', '/crm/auth/whoami', { headers: user.headers })).status).toBe(200);
      expect((await attempt(user.email, user.password)).status).toBe(200);
      expect((await reset(await tokenMailedTo(app, user.email))).status).toBe(204);
      app.clock.advance(1);
      expect((await attempt(user.email, NEW)).status).toBe(200);
    });

    it('403 for who lacks a right of the target, and no mail', async () => {
      const { headers } = await helper();
      const answer = await send(user.userId, headers);
      expectProblem(answer, 403, 'users.target_above_you');
      expectProblem(await send(1, headers), 403, 'users.target_above_you');
      expect(await mailsTo(app, user.email)).toEqual([]);
    });

    it('403 for who lacks a customer of the target', async () => {
      const { customer_id: customerId } = await aCustomer(app);
      const target = await asUser(app, [], [customerId]);
      const { headers } = await helper();
      expectProblem(await send(target.userId, headers), 403, 'users.foreign_customers');
      expect((await send(target.userId, (await helper(['view_customer'])).headers)).status).toBe(204);
    });

    it('409 for a deactivated user', async () => {
      await patch({ status: 'deactivated' });
      expectProblem(await send(user.userId, await asAdmin(app)), 409, 'users.deactivated');
    });

    it('404 for nobody', async () => expectProblem(await send(999_999, await asAdmin(app)), 404, 'users.not_found'));

    itIsAudited(() => app, {
      event: 'user.password_link_sent',
      subjectType: 'user',
      subjectId: () => user.userId,
      act: async () => send(user.userId, await asAdminQuietly()),
    });
    /** Logged in before the records are counted. */
    let admin: Credentials;
    beforeAll(async () => (admin = await asAdmin(app)));
    const asAdminQuietly = (): Promise<Credentials> => Promise.resolve(admin);

    const routes = [{ method: 'POST', path: '/crm/users/1/reset-password' }];
    itNeedsAuthentication(() => app, routes);
    itNeedsPermission(() => app, 'reset_user_password', routes);
  });

  it('is no way to a right by another’s address: profile and users refuse it, and so does a link', async () => {
    const before = await countRecords(app);
    const own = await app.ask('PATCH', '/crm/auth/profile', {
      headers: user.headers,
      body: { email: 'admin@example.com' },
    });
    expectProblem(own, 400, 'request.invalid');
    expect(await countRecords(app)).toBe(before);
  });
});
