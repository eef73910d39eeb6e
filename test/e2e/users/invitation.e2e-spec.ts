import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { mailsTo, sendAll, tokenMailedTo } from '../../support/mails.js';
import { asAdmin, asUser, type Credentials } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

const PASSWORD = 'a password of their own';
const DAY = 24 * 60 * 60_000;

describe('a user who is invited', () => {
  let app: TestApp;
  let admin: Credentials;
  let counter = 0;

  beforeAll(async () => {
    // Without a base URL: the mail carries the token alone.
    app = await TestApp.start({ config: NO_LIMITS });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    admin = await asAdmin(app);
    counter += 1;
  });

  const email = (): string => `guest${counter}@example.com`;
  const invite = (more: object = {}): Promise<Answer> =>
    app.ask('POST', '/crm/users', { headers: admin, body: { email: email(), name: 'A guest', ...more } });
  const accept = (token: string): Promise<Answer> =>
    app.ask('POST', '/crm/auth/password/reset', { body: { token, password: PASSWORD } });
  const login = (): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email: email(), password: PASSWORD } });
  const patch = (userId: number, body: object): Promise<Answer> =>
    app.ask('PATCH', `/crm/users/${userId}`, { headers: admin, body });
  const again = (userId: number): Promise<Answer> =>
    app.ask('POST', `/crm/users/${userId}/reset-password`, { headers: admin });
  const statusOf = async (userId: number): Promise<string> =>
    (await app.ask('GET', `/crm/users/${userId}`, { headers: admin })).body.status;

  it('201 without a password: invited, mailed how to choose one, active with it', async () => {
    const answer = await invite({ roles: ['Support'] });
    expect([answer.status, answer.body.status, answer.body.roles]).toEqual([201, 'invited', ['Support']]);
    expectProblem(await login(), 401, 'auth.invalid_credentials');
    const [mail, ...others] = await mailsTo(app, email());
    expect(others).toEqual([]);
    expect(mail?.headers.subject).toBe('You are invited');
    expect(mail?.text).toContain('POST {"token": "…", "password": "…"} to /crm/auth/password/reset');
    expect(mail?.text).not.toMatch(/https?:/);
    // Names are typed by people; a mail of ours carries nobody's words.
    expect(mail?.source).not.toContain('A guest');
    const accepted = await accept(await tokenMailedTo(app, email()));
    expect(accepted.status).toBe(204);
    expect(await statusOf(answer.body.user_id)).toBe('active');
    app.clock.advance(1);
    expect((await login()).status).toBe(200);
    expect((await recordsOfRequest(app, accepted)).map(({ event }) => event)).toEqual(['user.invitation_accepted']);
    expect(await mailsTo(app, email())).toHaveLength(1);
  });

  it('201 with a password: active, and no mail', async () => {
    expect((await invite({ password: PASSWORD })).body.status).toBe('active');
    expect(await mailsTo(app, email())).toEqual([]);
  });

  it('401 for an invitation that was used, or is older than seven days', async () => {
    await invite();
    const token = await tokenMailedTo(app, email());
    app.clock.advance(7 * DAY - 1);
    expect((await accept(token)).status).toBe(204);
    expectProblem(await accept(token), 401, 'users.invalid_token');
    counter += 1;
    admin = await asAdmin(app);
    await invite();
    const late = await tokenMailedTo(app, email());
    app.clock.advance(7 * DAY);
    expectProblem(await accept(late), 401, 'users.token_expired');
  });

  it('204 is invited anew by an administrator, and the first invitation is void', async () => {
    const { user_id: userId } = (await invite()).body;
    const first = await tokenMailedTo(app, email());
    app.clock.advance(1);
    const answer = await again(userId);
    expect(answer.status).toBe(204);
    expect((await recordsOfRequest(app, answer)).map(({ event }) => event)).toEqual(['user.invited']);
    const second = await tokenMailedTo(app, email());
    expect(second).not.toBe(first);
    expectProblem(await accept(first), 401, 'users.invalid_token');
    expect((await accept(second)).status).toBe(204);
  });

  it('401 for one who was deactivated meanwhile; brought back, they are invited and not active', async () => {
    const { user_id: userId } = (await invite()).body;
    const token = await tokenMailedTo(app, email());
    expect((await patch(userId, { status: 'active' })).body.status).toBe('invited');
    expect((await patch(userId, { status: 'deactivated' })).body.status).toBe('deactivated');
    expectProblem(await accept(token), 401, 'users.invalid_token');
    expectProblem(await again(userId), 409, 'users.deactivated');
    expect((await patch(userId, { status: 'active' })).body.status).toBe('invited');
    expect((await accept(token)).status).toBe(204);
  });

  it('204 and no mail for who says that they forgot the password that they never had', async () => {
    await invite();
    await sendAll(app);
    expect((await app.ask('POST', '/crm/auth/password/forgot', { body: { email: email() } })).status).toBe(204);
    expect((await mailsTo(app, email())).map(({ headers }) => headers.subject)).toEqual(['You are invited']);
  });

  it('403 and no mail for who invites somebody to more than they hold', async () => {
    const { headers } = await asUser(app, [await aRole(app, ['create_user'])]);
    const body = { email: email(), name: 'A guest', roles: ['Admin'] };
    expectProblem(await app.ask('POST', '/crm/users', { headers, body }), 403, 'rbac.cannot_grant');
    expect(await mailsTo(app, email())).toEqual([]);
  });

  it('409 for an address that is taken, and no mail', async () => {
    await invite({ password: PASSWORD });
    expectProblem(await invite({ email: ` ${email().toUpperCase()} ` }), 409, 'users.email_taken');
    expect(await mailsTo(app, email())).toEqual([]);
  });
});
