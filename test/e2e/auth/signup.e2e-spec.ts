import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { mailsTo, sendAll, tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asUser } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

const PASSWORD = 'a password of their own';
const OPEN = `${NO_LIMITS}users: { self_signup: true }\n`;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

describe('POST /crm/auth/signup', () => {
  let app: TestApp;
  let counter = 0;
  let email: string;

  beforeAll(async () => {
    app = await TestApp.start({ config: OPEN });
  });
  afterAll(() => app.close());
  beforeEach(() => {
    counter += 1;
    email = `newcomer${counter}@example.com`;
  });

  const post = (path: string, body: unknown): Promise<Answer> => app.ask('POST', path, { body });
  const signup = (more: object = {}): Promise<Answer> =>
    post('/crm/auth/signup', { email, name: 'A newcomer', password: PASSWORD, ...more });
  const verify = (token: string): Promise<Answer> => post('/crm/auth/verify-email', { token });
  const attempt = (password = PASSWORD): Promise<Answer> => post('/crm/auth/login', { email, password });
  const found = async (): Promise<Record<string, any>[]> =>
    (await app.ask('GET', `/crm/users?search=${email}`, { headers: await asAdmin(app) })).body.data;

  it('204, and no account until the address is verified; then the role Customer and no customers', async () => {
    const answer = await signup();
    expect([answer.status, answer.text]).toEqual([204, '']);
    await sendAll(app);
    expectProblem(await attempt(), 401, 'auth.invalid_credentials');
    expect(await found()).toEqual([]);
    const verified = await verify(await tokenMailedTo(app, email));
    expect([verified.status, verified.text]).toEqual([204, '']);
    expect(await found()).toMatchObject([
      { email, name: 'A newcomer', status: 'active', roles: ['Customer'], customer_ids: [] },
    ]);
    const { token } = (await attempt()).body;
    const customers = await app.ask('GET', '/crm/customers', { headers: { authorization: `Bearer ${token}` } });
    expect(customers.body.data).toEqual([]);
    const records = await recordsOfRequest(app, verified);
    expect(records).toMatchObject([{ event: 'user.created', actorKind: 'system', actorName: 'self-signup' }]);
    expect(JSON.stringify(records)).not.toMatch(/argon2/);
  });

  it('204 and the mail carries nothing that was typed but the address', async () => {
    await signup({ name: 'Win a prize at https://evil.example' });
    const [mail] = await mailsTo(app, email);
    expect(mail?.source).not.toContain('prize');
    expect(mail?.text).not.toMatch(/https?:/);
    expect(mail?.text).toContain('to /crm/auth/verify-email, with this token');
  });

  it('204 for an address that has an account: the same answer, a way in for its owner, and nothing changed', async () => {
    const user = await asUser(app, []);
    const strip = ({ status, text, headers }: Answer): object => {
      const { 'x-request-id': _id, date: _date, ...rest } = headers;
      return { status, text, rest };
    };
    expect(strip(await signup({ email: user.email.toUpperCase() }))).toEqual(strip(await signup()));
    expect((await mailsTo(app, user.email)).map(({ headers }) => headers.subject)).toEqual(['Choose a new password']);
    email = user.email;
    expectProblem(await attempt(), 401);
    expect((await attempt(user.password)).status).toBe(200);
  });

  it('204 for a stranger’s try before the owner’s: the owner gets what the owner typed', async () => {
    await signup({ password: 'what the stranger typed', name: 'Stranger' });
    const theirs = await tokenMailedTo(app, email);
    app.clock.advance(1);
    await signup();
    const own = await tokenMailedTo(app, email);
    expect(own).not.toBe(theirs);
    expect((await verify(own)).status).toBe(204);
    expectProblem(await attempt('what the stranger typed'), 401);
    expect((await attempt()).status).toBe(200);
    expectProblem(await verify(theirs), 401, 'users.invalid_token');
    expect((await found()).map(({ name }) => name)).toEqual(['A newcomer']);
  });

  it('401 for a token that was used, or is a day old, or opens a password', async () => {
    await signup();
    const token = await tokenMailedTo(app, email);
    expectProblem(await post('/crm/auth/password/reset', { token, password: PASSWORD }), 401, 'users.invalid_token');
    expect((await verify(token)).status).toBe(204);
    expectProblem(await verify(token), 401, 'users.invalid_token');
    email = `late.${email}`;
    await signup();
    const late = await tokenMailedTo(app, email);
    app.clock.advance(DAY);
    expectProblem(await verify(late), 401, 'users.token_expired');
    expect(await found()).toEqual([]);
  });

  it('409 when an administrator made the account meanwhile, and it stays as it is', async () => {
    await signup();
    const token = await tokenMailedTo(app, email);
    const body = { email, name: 'Made', password: 'made by an administrator', roles: ['Support'] };
    await app.ask('POST', '/crm/users', { headers: await asAdmin(app), body });
    expectProblem(await verify(token), 409, 'users.email_taken');
    expectProblem(await attempt(), 401);
    expect(await found()).toMatchObject([{ name: 'Made', roles: ['Support'] }]);
  });

  it('204 for ever more, and three mails in half an hour', async () => {
    for (let index = 0; index < 5; index += 1) expect((await signup()).status).toBe(204);
    expect(await mailsTo(app, email)).toHaveLength(3);
  });

  it('429 for an address that asks too often', async () => {
    await app.reconfigure(OPEN.replace('login: 0', 'login: 2'));
    const answers = [await signup(), await signup(), await signup()];
    await app.reconfigure(OPEN);
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 429]);
  });

  it.each([
    ['password1234', 'passwords.too_common'],
    ['newcomer@example.com', 'passwords.is_email'],
  ])('422 for the password %s, whether or not there is an account', async (password, code) => {
    email = 'newcomer@example.com';
    expectProblem(await signup({ password }), 422, code);
    expectProblem(
      await signup({ email: password.includes('@') ? password : 'admin@example.com', password }),
      422,
      code,
    );
  });

  it.each<[object, string]>([
    [{ email: 'x' }, '/email'],
    [{ email: { email: 1 } }, '/email'],
    [{ name: ' ' }, '/name'],
    [{ password: 'short' }, '/password'],
    [{ roles: ['Admin'] }, '/roles'],
    [{ customer_ids: [1] }, '/customer_ids'],
    [{ status: 'active' }, '/status'],
  ])('400 for %j', async (more, pointer) => {
    const answer = await signup(more);
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([pointer]);
  });

  it('404 unless the operator allows it; a token of before is 401 then', async () => {
    await signup();
    const token = await tokenMailedTo(app, email);
    await app.reconfigure(NO_LIMITS);
    expectProblem(await signup(), 404, 'request.no_such_route');
    expectProblem(await verify(token), 401, 'users.invalid_token');
    await app.reconfigure(OPEN);
    expect((await verify(token)).status).toBe(204);
  });
});
