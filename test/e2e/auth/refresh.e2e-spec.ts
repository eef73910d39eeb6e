import { SessionsService } from '../../../src/auth/sessions.service.js';
import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asUser, type UserHolder } from '../../support/principals.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

describe('POST /crm/auth/refresh', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
  });

  const refresh = (refreshToken: unknown) =>
    app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: refreshToken } });
  const whoami = (token: string) =>
    app.ask('GET', '/crm/auth/whoami', { headers: { authorization: `Bearer ${token}` } });

  it('200 with the next pair, in the shape of a login', async () => {
    app.clock.advance(SECOND);
    const answer = await refresh(user.refreshToken);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 900,
      user: { id: user.userId, email: user.email },
      roles: ['Support'],
    });
    expect(answer.body.refresh_token).not.toBe(user.refreshToken);
    expect(answer.body.token).not.toBe(user.token);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect((await whoami(answer.body.token)).status).toBe(200);
    expect((await whoami(user.token)).status).toBe(200);
  });

  it('200 along a chain, each token good once', async () => {
    let current = user.refreshToken;
    for (let i = 0; i < 5; i += 1) {
      app.clock.advance(11 * SECOND);
      const answer = await refresh(current);
      expect(answer.status).toBe(200);
      current = answer.body.refresh_token;
    }
  });

  it('200 with the very same answer for an identical retry within 10 s', async () => {
    const first = await refresh(user.refreshToken);
    app.clock.advance(10 * SECOND);
    const second = await refresh(user.refreshToken);
    expect(second.status).toBe(200);
    expect(second.body).toEqual(first.body);
    expect((await refresh(second.body.refresh_token)).status).toBe(200);
  });

  it('401 for a retry after 10 s, and the whole family is ended and recorded', async () => {
    const next = await refresh(user.refreshToken);
    app.clock.advance(10 * SECOND + 1);
    const before = (await recordsOf(app, 'authn_token_reuse')).length;
    expectProblem(await refresh(user.refreshToken), 401, 'auth.invalid_refresh_token');
    expectProblem(await refresh(next.body.refresh_token), 401, 'auth.invalid_refresh_token');
    expectProblem(await whoami(user.token), 401, 'auth.invalid_credentials');
    expectProblem(await whoami(next.body.token), 401, 'auth.invalid_credentials');
    const records = await recordsOf(app, 'authn_token_reuse');
    expect(records.length).toBe(before + 1);
    expect(records[0]).toMatchObject({ subjectType: 'user', subjectId: user.userId, address: '127.0.0.1' });
    expect(JSON.stringify(records[0])).not.toContain('rt1.');
  });

  it('401 for a retry within 10 s once the successor was used, and the family is ended', async () => {
    const next = await refresh(user.refreshToken);
    const last = await refresh(next.body.refresh_token);
    expect(last.status).toBe(200);
    expectProblem(await refresh(user.refreshToken), 401);
    expectProblem(await refresh(last.body.refresh_token), 401);
    expectProblem(await whoami(last.body.token), 401);
  });

  it('401 for one family leaves the other sessions of the user alone', async () => {
    const other = await app.ask('POST', '/crm/auth/login', { body: { email: user.email, password: user.password } });
    await refresh(user.refreshToken);
    app.clock.advance(11 * SECOND);
    expectProblem(await refresh(user.refreshToken), 401);
    expect((await whoami(other.body.token)).status).toBe(200);
    expect((await refresh(other.body.refresh_token)).status).toBe(200);
  });

  it('200 for one token fifty times at once leaves one live family', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(user.refreshToken)));
    const successors = new Set(answers.map((answer) => answer.body.refresh_token));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 200));
    expect(successors.size).toBe(1);
    expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
    const [successor] = successors;
    expect((await refresh(successor)).status).toBe(200);
    const live = await app.ask('GET', '/crm/auth/sessions?count=true', { headers: user.headers });
    expect(live.body.page.total).toBe(1);
    const reuses = await recordsOf(app, 'authn_token_reuse');
    expect(reuses.filter(({ subjectId }) => subjectId === user.userId)).toEqual([]);
  });

  it('401 for a spent token fifty times at once: the family ends, and is recorded once', async () => {
    const next = await refresh(user.refreshToken);
    app.clock.advance(10 * SECOND + 1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(user.refreshToken)));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 50 }, () => 401));
    expectProblem(await refresh(next.body.refresh_token), 401, 'auth.invalid_refresh_token');
    expectProblem(await whoami(next.body.token), 401, 'auth.invalid_credentials');
    const reuses = await recordsOf(app, 'authn_token_reuse');
    expect(reuses.filter(({ subjectId }) => subjectId === user.userId)).toHaveLength(1);
  });

  it('401 for a spent token beside its live successor at once: never two live families', async () => {
    const next = await refresh(user.refreshToken);
    app.clock.advance(10 * SECOND + 1);
    const tokens = Array.from({ length: 20 }, (_, index) => (index % 2 ? user.refreshToken : next.body.refresh_token));
    const answers = await Promise.all(tokens.map((token) => refresh(token)));
    const given = answers.filter(({ status }) => status === 200).map(({ body }) => body.refresh_token as string);
    for (const token of [next.body.refresh_token, ...given]) expectProblem(await refresh(token), 401);
  });

  it('401 after logout', async () => {
    const { headers } = user;
    expect((await app.ask('POST', '/crm/auth/logout', { headers })).status).toBe(204);
    expectProblem(await refresh(user.refreshToken), 401, 'auth.invalid_refresh_token');
    expectProblem(await whoami(user.token), 401, 'auth.invalid_credentials');
  });

  it('401 as soon as the user is deactivated, and still after they came back', async () => {
    const admin = await asAdmin(app);
    const set = (status: string) => app.ask('PATCH', `/crm/users/${user.userId}`, { headers: admin, body: { status } });
    expect((await set('deactivated')).status).toBe(200);
    expectProblem(await refresh(user.refreshToken), 401);
    expectProblem(await whoami(user.token), 401);
    expect((await set('active')).status).toBe(200);
    expectProblem(await refresh(user.refreshToken), 401);
    expectProblem(await whoami(user.token), 401);
  });

  it('401 when nobody used it for 14 days, 200 a moment before', async () => {
    app.clock.advance(14 * DAY - SECOND);
    const answer = await refresh(user.refreshToken);
    expect(answer.status).toBe(200);
    app.clock.advance(14 * DAY);
    expectProblem(await refresh(answer.body.refresh_token), 401);
  });

  it('401 after 90 days, however often it was used', async () => {
    let current = user.refreshToken;
    for (let day = 0; day < 80; day += 10) {
      app.clock.advance(10 * DAY);
      current = (await refresh(current)).body.refresh_token;
    }
    app.clock.advance(10 * DAY - SECOND);
    const last = await refresh(current);
    expect(last.status).toBe(200);
    app.clock.advance(SECOND);
    expectProblem(await refresh(last.body.refresh_token), 401);
    expectProblem(await whoami(last.body.token), 401);
  });

  it('401 all the same once the session was cleaned up', async () => {
    app.clock.advance(90 * DAY + 1);
    expect(await app.get(SessionsService).removeOver()).toMatch(/^[1-9]\d* sessions removed$/);
    expect(await app.get(SessionsService).removeOver()).toBe('0 sessions removed');
    expectProblem(await refresh(user.refreshToken), 401, 'auth.invalid_refresh_token');
    expectProblem(await whoami(user.token), 401, 'auth.token_expired');
  });

  it.each([
    ['an access token', () => user.token],
    ['a tag of another token', () => user.refreshToken.replace(/\.1\./, '.2.')],
    ['the session of somebody else', () => user.refreshToken.replace(/^rt1\.\d+/, 'rt1.1')],
    ['a session that never was', () => user.refreshToken.replace(/^rt1\.\d+/, 'rt1.999999999999999')],
    ['a changed tag', () => `${user.refreshToken.slice(0, -1)}${user.refreshToken.endsWith('A') ? 'B' : 'A'}`],
    ['nonsense', () => 'rt1.nonsense'],
    ['SQL', () => "rt1.1 OR 1=1.1.' --"],
  ])('401 for %s', async (_what, token) => {
    expectProblem(await refresh(token()), 401, 'auth.invalid_refresh_token');
    expect((await refresh(user.refreshToken)).status).toBe(200);
  });

  it.each([undefined, null, '', 1, {}, [], 'x'.repeat(4_097), 'rt1.\0', 'rt1.\ud800'])('400 for %j', async (token) => {
    expectProblem(await refresh(token), 400, 'request.invalid');
  });

  it('401 when a refresh token stands where an access token belongs', async () => {
    expectProblem(await whoami(user.refreshToken), 401, 'auth.invalid_credentials');
  });
});
