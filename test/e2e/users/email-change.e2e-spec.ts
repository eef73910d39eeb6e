import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { mailsTo, sendAll, tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asApiKey, asUser, type Credentials, login, type UserHolder } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

const DAY = 24 * 60 * 60_000;
const NEW = 'a better horse, a newer staple';
const TRUSTED = '127.0.0.5';
const CONFIG =
  `${NO_LIMITS}http: { base_url: 'https://crm.example.com' }\n` +
  `ip_whitelist: [{ address: 127.0.0.4/31, roles: [admin], allow_admin: true }]\n`;

describe('another e-mail address', () => {
  let app: TestApp;
  let admin: Credentials;
  let user: UserHolder;
  let counter = 0;
  let wanted: string;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    admin = await asAdmin(app);
    user = await asUser(app, ['Support']);
    counter += 1;
    wanted = `New.Address${counter}@example.com`;
  });

  const patch = (email: unknown, headers = admin, userId = user.userId): Promise<Answer> =>
    app.ask('PATCH', `/crm/users/${userId}`, { headers, body: { email } });
  const verify = (token: string): Promise<Answer> => app.ask('POST', '/crm/auth/verify-email', { body: { token } });
  const post = (path: string, body: object): Promise<Answer> => app.ask('POST', path, { body });
  const attempt = (email: string): Promise<Answer> => post('/crm/auth/login', { email, password: user.password });
  const emailOf = async (userId = user.userId): Promise<string> =>
    (await app.ask('GET', `/crm/users/${userId}`, { headers: await asAdmin(app) })).body.email;
  const editor = async (more: string[] = []): Promise<UserHolder> =>
    asUser(app, [await aRole(app, ['update_user', ...more])]);

  it('200 and nothing has changed; the new one is asked, the present one is told', async () => {
    const answer = await patch(wanted);
    expect([answer.status, answer.body.email]).toEqual([200, user.email]);
    expect((await attempt(user.email)).status).toBe(200);
    expectProblem(await attempt(wanted), 401);
    const [asked] = await mailsTo(app, wanted);
    expect(asked?.text).toContain(`https://crm.example.com/verify-email#token=${await tokenMailedTo(app, wanted)}`);
    const [told, ...others] = await mailsTo(app, user.email);
    expect([told?.headers.subject, others]).toEqual(['The address of your account is to be changed', []]);
    expect(told?.text).toContain(wanted);
    expect(told?.text).not.toMatch(/mail_[0-9A-Za-z]{20}/);
    expect(await recordsOfRequest(app, answer)).toMatchObject([
      { event: 'user.email_change_asked', subjectId: user.userId, after: { email: wanted } },
    ]);
  });

  it('204 once it is verified: in any spelling it is the account, found by its words, and the old one is nobody', async () => {
    await patch(wanted);
    const answer = await verify(await tokenMailedTo(app, wanted));
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(await emailOf()).toBe(wanted);
    expect((await attempt(` ${wanted.toUpperCase()}`)).status).toBe(200);
    expectProblem(await attempt(user.email), 401);
    const found = await app.ask('GET', `/crm/users?search=new.address${counter}`, { headers: admin });
    expect(found.body.data.map((row: any) => row.user_id)).toEqual([user.userId]);
    expect((await app.ask('GET', '/crm/auth/whoami', { headers: user.headers })).body.name).toBe(wanted);
    expect(await recordsOfRequest(app, answer)).toMatchObject([
      { event: 'user.updated', subjectId: user.userId, before: { email: user.email }, after: { email: wanted } },
    ]);
  });

  it('200 with other fields: those count at once', async () => {
    const body = { name: 'Renamed', email: wanted };
    const answer = await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body });
    expect(answer.body).toMatchObject({ name: 'Renamed', email: user.email });
  });

  it('401 for a token that was used, replaced, taken back, or is a day old', async () => {
    await patch(wanted);
    const first = await tokenMailedTo(app, wanted);
    app.clock.advance(1);
    await patch(wanted);
    const second = await tokenMailedTo(app, wanted);
    expectProblem(await verify(first), 401, 'users.invalid_token');
    expect((await verify(second)).status).toBe(204);
    expectProblem(await verify(second), 401, 'users.invalid_token');
    await patch(user.email);
    const third = await tokenMailedTo(app, user.email, 'Confirm your address');
    await patch(wanted);
    expectProblem(await verify(third), 401, 'users.invalid_token');
    await patch(`x${wanted}`);
    const late = await tokenMailedTo(app, `x${wanted}`);
    app.clock.advance(DAY);
    expectProblem(await verify(late), 401, 'users.token_expired');
  });

  it('401 for a token of another purpose, and the reverse', async () => {
    await patch(wanted);
    const token = await tokenMailedTo(app, wanted);
    expectProblem(await post('/crm/auth/password/reset', { token, password: NEW }), 401, 'users.invalid_token');
    await post('/crm/auth/password/forgot', { email: user.email });
    expectProblem(await verify(await tokenMailedTo(app, user.email)), 401, 'users.invalid_token');
    expect((await verify(token)).status).toBe(204);
  });

  it('401 for what was mailed to the old address: whoever reads it has no way in any more', async () => {
    await post('/crm/auth/password/forgot', { email: user.email });
    const token = await tokenMailedTo(app, user.email);
    await patch(wanted);
    await verify(await tokenMailedTo(app, wanted));
    expectProblem(await post('/crm/auth/password/reset', { token, password: NEW }), 401, 'users.invalid_token');
  });

  it('200 for an address that is taken, as for any other; 409 when its reader confirms', async () => {
    const other = await aUser(app);
    const [free, taken] = [await patch(wanted), await patch(shouted(other.email))];
    expect([taken.status, taken.body]).toEqual([free.status, free.body]);
    const token = await tokenMailedTo(app, shouted(other.email));
    expectProblem(await verify(token), 409, 'users.email_taken');
    expect([await emailOf(), await emailOf(other.user_id)]).toEqual([user.email, other.email]);
  });

  it('409 for the second of two accounts that want one address', async () => {
    const other = await aUser(app);
    await patch(wanted);
    const first = await tokenMailedTo(app, wanted);
    app.clock.advance(1);
    await patch(shouted(wanted), admin, other.user_id);
    const second = await tokenMailedTo(app, shouted(wanted));
    const answers = await Promise.all([verify(first), verify(second)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409]);
  });

  it('204 for a look-alike: it is another address', async () => {
    const other = await aUser(app);
    const alike = other.email.replace('o', '\u043e');
    await patch(alike);
    // The local part is not ASCII: the mail needs a server that takes it, the file does.
    const [mail] = await mailsTo(app, alike).then((found) => (found.length > 0 ? found : mailsTo(app, mimeOf(alike))));
    const token = /mail_[0-9A-Za-z]{49}/.exec(mail?.text ?? '')?.[0] ?? '';
    expect((await verify(token)).status).toBe(204);
    expect([await emailOf(), await emailOf(other.user_id)]).toEqual([alike, other.email]);
  });

  it('401 for a user who was deactivated', async () => {
    await patch(wanted);
    await app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body: { status: 'deactivated' } });
    expectProblem(await verify(await tokenMailedTo(app, wanted)), 401, 'users.invalid_token');
  });

  it.each([null, '', 'x', 'a@b', 1, {}, ['a@b.cd'], 'a@b.cd\r\nBcc: x@y.zz', `${'x'.repeat(250)}@b.cd`])(
    '400 for %j',
    async (email) => expectProblem(await patch(email), 400, 'request.invalid'),
  );

  describe('is no way to a right', () => {
    it('403 for who lacks a right or a customer of the target, and no mail', async () => {
      const { customer_id: customerId } = await aCustomer(app);
      const target = await aUser(app, { customer_ids: [customerId] });
      const { headers } = await editor();
      expectProblem(await patch(wanted, headers), 403, 'users.target_above_you');
      expectProblem(await patch(wanted, headers, 1), 403, 'users.target_above_you');
      expectProblem(await patch(wanted, headers, target.user_id), 403, 'users.foreign_customers');
      await sendAll(app);
      expect(await mailsTo(app, wanted)).toEqual([]);
    });

    it('401 when the target got more than the asker has, before the address was confirmed', async () => {
      const attacker = await editor();
      const target = await aUser(app);
      expect((await patch(wanted, attacker.headers, target.user_id)).status).toBe(204);
      const token = await tokenMailedTo(app, wanted);
      const body = { roles: ['Admin'] };
      await app.ask('PUT', `/crm/users/${target.user_id}/roles`, { headers: admin, body });
      expectProblem(await verify(token), 401, 'users.invalid_token');
      await post('/crm/auth/password/forgot', { email: wanted });
      expect((await mailsTo(app, wanted)).map(({ headers }) => headers.subject)).toEqual(['Confirm your address']);
      expect(await emailOf(target.user_id)).toBe(target.email);
      await app.ask('PUT', `/crm/users/${target.user_id}/roles`, { headers: admin, body: { roles: [] } });
    });

    it('401 when the asker is no more', async () => {
      const attacker = await editor();
      const target = await aUser(app);
      await patch(wanted, attacker.headers, target.user_id);
      await app.ask('DELETE', `/crm/users/${attacker.userId}`, { headers: admin });
      expectProblem(await verify(await tokenMailedTo(app, wanted)), 401, 'users.invalid_token');
    });

    it('204 for keys and trusted addresses that may still do it', async () => {
      const { headers } = await asApiKey(app, ['admin']);
      await patch(wanted, headers);
      expect((await verify(await tokenMailedTo(app, wanted))).status).toBe(204);
      const body = { email: `y${wanted}` };
      await app.ask('PATCH', `/crm/users/${user.userId}`, { from: TRUSTED, body });
      expect((await verify(await tokenMailedTo(app, `y${wanted}`))).status).toBe(204);
    });

    it('401 for another’s address as one’s own: only its reader can confirm it', async () => {
      const attacker = await editor();
      await patch(user.email, attacker.headers, attacker.userId);
      expect(await emailOf(attacker.userId)).toBe(attacker.email);
      await post('/crm/auth/password/forgot', { email: user.email });
      expect(await mailsTo(app, attacker.email)).toHaveLength(1);
      expect((await login(app, user.email, user.password)).token).toBeDefined();
    });
  });
});

/** Another spelling of the same address; the domain's is made one when it is mailed. */
function shouted(email: string): string {
  return email.replace(/^[^@]+/, (local) => local.toUpperCase());
}

/** How a header spells an address whose local part is not ASCII. */
function mimeOf(email: string): string {
  const [local = '', domain = ''] = email.split('@');
  return `=?UTF-8?Q?${[...Buffer.from(local)].map((byte) => (byte < 128 ? String.fromCharCode(byte) : `=${byte.toString(16).toUpperCase()}`)).join('')}?=@${domain}`;
}
