import { TestApp, ADMIN } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { cli, cliProcess, told } from '../../support/command-line.js';
import { TestClock } from '../../support/clock.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { login } from '../../support/principals.js';
import { rowsOf } from '../../support/rows.js';
import { eventually } from '../../support/server-process.js';

/** The other process has the machine's clock, so the server needs it too. */
class RunningClock extends TestClock {
  override millis(): number {
    return Date.now();
  }
}

describe('admin create', () => {
  let place: TestDatabase;
  let app: TestApp | undefined;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await app?.close();
    app = undefined;
    await place.drop();
  });

  it('makes the first administrator of an empty database, and the server then makes none of its own', async () => {
    const said = await cli(place, ['admin', 'create', '--email', 'maria@example.com', '--name', 'Maria Keller']);
    expect(said).toMatchObject({ status: 0, stderr: '' });
    expect(said.stdout).toContain('maria@example.com');
    app = await TestApp.start({ database: place });
    const { headers } = await login(app, 'maria@example.com', told(said, 'Password'));
    const users = await app.ask('GET', '/crm/users', { headers });
    expect(users.body.data).toMatchObject([{ email: 'maria@example.com', name: 'Maria Keller', roles: ['Admin'] }]);
    const [record] = await recordsOf(app, 'user.created');
    expect(record).toMatchObject({ actorKind: 'system', actorName: 'command line', address: null });
  });

  it('takes a password from standard input to the letter, and prints it nowhere', async () => {
    const password = '  blanks around and a "quote" ';
    const args = ['admin', 'create', '--email', 'maria@example.com', '--password-stdin'];
    const said = await cli(place, args, { input: `${password}\n` });
    expect(said.status).toBe(0);
    expect(said.stdout + said.stderr).not.toContain('blanks around');
    app = await TestApp.start({ database: place });
    await login(app, 'maria@example.com', password);
  });

  it('refuses an e-mail that is taken, whatever its letter case, and changes nothing', async () => {
    await cli(place, ['admin', 'create', '--email', 'maria@example.com']);
    const said = await cli(place, ['admin', 'create', '--email', 'Maria@Example.com']);
    expect(said).toEqual({ status: 1, stdout: '', stderr: 'There is already a user with this e-mail address.\n' });
    expect(await rowsOf(place, 'SELECT email FROM users')).toEqual([{ email: 'maria@example.com' }]);
  });

  it.each([
    ['an e-mail that is none', ['--email', 'maria'], '', /^email must be an e-mail address/],
    ['a short password', ['--email', 'm@example.com', '--password-stdin'], 'short\n', /^password must be a text of 12/],
    ['no password at all', ['--email', 'm@example.com', '--password-stdin'], '', /^password must be/],
  ])('refuses %s in one line and makes no user', async (_what, args, input, sentence) => {
    const said = await cli(place, ['admin', 'create', ...args], { input });
    expect(said).toMatchObject({ status: 1, stdout: '' });
    expect(said.stderr).toMatch(sentence);
    expect(said.stderr.trim()).not.toContain('\n');
    expect(said.stderr).not.toContain('short');
  });
});

describe('admin reset-password', () => {
  let app: TestApp;
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
    const clock = new RunningClock();
    app = await TestApp.start({ database: place, clock, config: 'rate_limits: { login: 3, failed_auth: 0 }\n' });
  });
  afterEach(async () => {
    await app.close();
    await place.drop();
  });

  const reset = (...more: string[]) => cliProcess(place, ['admin', 'reset-password', '--email', ADMIN.email, ...more]);
  const whoami = (headers: Record<string, string>) => app.ask('GET', '/crm/auth/whoami', { headers });

  it('lets in with the new password and no more with the old one, and ends every session at once', async () => {
    const before = await login(app, ADMIN.email, ADMIN.password);
    expect((await whoami({ ...before.headers })).status).toBe(200);
    const said = await reset();
    expect(said.status).toBe(0);
    const after = await eventually(
      () => whoami({ ...before.headers }),
      ({ status }) => status === 401,
    );
    expectProblem(after, 401);
    const { refreshToken: refresh_token } = before;
    expectProblem(await app.ask('POST', '/crm/auth/refresh', { body: { refresh_token } }), 401);
    const old = await app.ask('POST', '/crm/auth/login', { body: { ...ADMIN } });
    expectProblem(old, 401, 'auth.invalid_credentials');
    const { headers } = await login(app, ADMIN.email, told(said, 'Password'));
    expect((await whoami({ ...headers })).status).toBe(200);
    expect(await recordsOf(app, 'user.password_reset')).toMatchObject([{ actorName: 'command line', subjectId: 1 }]);
  });

  it('lets the only administrator in while strangers keep the account locked (known mistake 25)', async () => {
    const attack = () => app.ask('POST', '/crm/auth/login', { body: { email: ADMIN.email, password: 'a guess' } });
    while ((await attack()).status !== 429);
    const said = await reset('--token');
    expectProblem(await attack(), 429);
    const answer = await whoami({ authorization: `Bearer ${told(said, 'Token')}` });
    expect(answer.body).toMatchObject({ name: ADMIN.email, roles: ['Admin'] });
  });

  it('lets a deactivated administrator in again', async () => {
    const { headers } = await login(app, ADMIN.email, ADMIN.password);
    const second = { email: 'second@example.com', name: 'Second', password: 'a second password', roles: ['Admin'] };
    const { user_id } = (await app.ask('POST', '/crm/users', { headers, body: second })).body;
    const off = await app.ask('PATCH', `/crm/users/${user_id}`, { headers, body: { status: 'deactivated' } });
    expect(off.status).toBe(200);
    const said = await cliProcess(place, ['admin', 'reset-password', '--email', second.email]);
    await eventually(
      () => app.ask('GET', `/crm/users/${user_id}`, { headers }),
      ({ body }) => body.status === 'active',
    );
    await login(app, second.email, told(said, 'Password'));
  });

  it('says so when there is no such user, or when the user is no administrator', async () => {
    const { headers } = await login(app, ADMIN.email, ADMIN.password);
    const unknown = await cliProcess(place, ['admin', 'reset-password', '--email', 'nobody@example.com']);
    expect(unknown).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('no user with this e-mail'),
    });
    const body = { email: 'helper@example.com', name: 'Helper', password: 'a helping password', roles: ['Support'] };
    await app.ask('POST', '/crm/users', { headers, body });
    const said = await cliProcess(place, ['admin', 'reset-password', '--email', body.email]);
    expect(said).toMatchObject({ status: 0, stdout: expect.stringContaining('no administrator. Its roles: Support') });
  });
});
