import { LoginChallenge } from '../../../src/auth/two-factor/two-factor.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asUser, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';
import {
  answerChallenge,
  challengeOf,
  codeOf,
  type Enrolled,
  enrol,
  nextCode,
  STEP_MS,
  wrongCode,
} from '../../support/two-factor.js';

const MINUTE = 60_000;

describe('login with two-factor', () => {
  let app: TestApp;
  let user: UserHolder;
  let enrolled: Enrolled;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
    enrolled = await enrol(app, user);
  });

  const login = (): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email: user.email, password: user.password } });
  const whoami = (token: string): Promise<Answer> =>
    app.ask('GET', '/crm/auth/whoami', { headers: { authorization: `Bearer ${token}` } });
  const withoutId = ({ body }: Answer) => ({ ...body, request_id: null });

  it('200 with a challenge and nothing else, then 200 with the usual answer', async () => {
    const first = await login();
    expect([first.status, first.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(first.body).toEqual({ two_factor_required: true, challenge_token: expect.stringMatching(/^tfc1\./) });
    const second = await answerChallenge(app, first.body.challenge_token, nextCode(app, enrolled.secret));
    expect([second.status, second.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(second.body).toEqual({
      ...{ token: expect.any(String), token_type: 'Bearer', expires_in: 900, refresh_token: expect.any(String) },
      ...{ user: { id: user.userId, email: user.email, name: expect.any(String) }, roles: ['Support'] },
      permissions: expect.arrayContaining(['view_customer']),
    });
    expect((await whoami(second.body.token)).body).toMatchObject({ kind: 'user', id: user.userId });
    const [record] = await recordsOfRequest(app, second);
    expect(record).toMatchObject({ event: 'authn_login_success', after: { second_factor: 'totp' } });
    expect((await recordsOfRequest(app, first)).map(({ event }) => event)).toEqual(['authn_login_challenge']);
  });

  it('401 for a wrong password, whether or not the account has two-factor', async () => {
    const body = { email: user.email, password: 'not the password of anybody' };
    const known = await app.ask('POST', '/crm/auth/login', { body });
    const unknown = await app.ask('POST', '/crm/auth/login', { body: { ...body, email: 'nobody@example.com' } });
    expectProblem(known, 401, 'auth.invalid_credentials');
    expect(withoutId(known)).toEqual(withoutId(unknown));
  });

  it.each([-1, 0, 1])('200 for the code %d steps away', async (offset) => {
    app.clock.advance(3 * STEP_MS);
    const token = await challengeOf(app, user);
    expect((await answerChallenge(app, token, codeOf(app, enrolled.secret, offset))).status).toBe(200);
  });

  it.each([-2, 2])('401 for the code %d steps away', async (offset) => {
    app.clock.advance(3 * STEP_MS);
    const token = await challengeOf(app, user);
    expectProblem(await answerChallenge(app, token, codeOf(app, enrolled.secret, offset)), 401, 'auth.invalid_code');
  });

  it('401 for a code that was used, alike to a wrong one, and recorded', async () => {
    const code = nextCode(app, enrolled.secret);
    expect((await answerChallenge(app, await challengeOf(app, user), code)).status).toBe(200);
    const token = await challengeOf(app, user);
    const used = await answerChallenge(app, token, code);
    const wrong = await answerChallenge(app, token, wrongCode(app, enrolled.secret));
    expectProblem(used, 401, 'auth.invalid_code');
    expect(withoutId(used)).toEqual(withoutId(wrong));
    for (const answer of [used, wrong]) {
      const [record] = await recordsOfRequest(app, answer);
      expect(record).toMatchObject({ event: 'authn_2fa_fail', subjectId: user.userId, after: { purpose: 'login' } });
      expect(JSON.stringify(record)).not.toContain(code);
    }
    expect((await answerChallenge(app, token, nextCode(app, enrolled.secret))).status).toBe(200);
  });

  it('401 for the code that enrolment has seen', async () => {
    const token = await challengeOf(app, user);
    expectProblem(await answerChallenge(app, token, codeOf(app, enrolled.secret)), 401, 'auth.invalid_code');
  });

  it('401 for an earlier code than the last one that was used', async () => {
    app.clock.advance(3 * STEP_MS);
    const later = codeOf(app, enrolled.secret, 1);
    expect((await answerChallenge(app, await challengeOf(app, user), later)).status).toBe(200);
    const token = await challengeOf(app, user);
    expectProblem(await answerChallenge(app, token, codeOf(app, enrolled.secret)), 401, 'auth.invalid_code');
  });

  it('401 for the code of another user', async () => {
    const other = await asUser(app, ['Support']);
    const { secret, backupCodes } = await enrol(app, other);
    const token = await challengeOf(app, user);
    for (const code of [nextCode(app, secret), backupCodes[0]]) {
      expectProblem(await answerChallenge(app, token, code), 401, 'auth.invalid_code');
    }
  });

  it('200 for a backup code however it is typed, 401 for it again', async () => {
    const [code = '', second = ''] = enrolled.backupCodes;
    const answer = await answerChallenge(app, await challengeOf(app, user), ` ${code.toUpperCase().replace('-', ' ')}`);
    expect(answer.status).toBe(200);
    const [record] = await recordsOfRequest(app, answer);
    expect(record).toMatchObject({ event: 'authn_login_success', after: { second_factor: 'backup_code' } });
    const token = await challengeOf(app, user);
    expectProblem(await answerChallenge(app, token, code), 401, 'auth.invalid_code');
    expect((await answerChallenge(app, token, second)).status).toBe(200);
  });

  it('401 from the sixth try on, even with the right code; a new login has five again', async () => {
    const token = await challengeOf(app, user);
    const right = nextCode(app, enrolled.secret);
    for (let it = 0; it < 5; it += 1) {
      expectProblem(await answerChallenge(app, token, wrongCode(app, enrolled.secret)), 401, 'auth.invalid_code');
    }
    expectProblem(await answerChallenge(app, token, right), 401, 'auth.invalid_challenge');
    expect((await answerChallenge(app, await challengeOf(app, user), right)).status).toBe(200);
  });

  it('401 for no more than five of fifty wrong codes at once', async () => {
    const token = await challengeOf(app, user);
    const wrong = wrongCode(app, enrolled.secret);
    const answers = await Promise.all(Array.from({ length: 50 }, () => answerChallenge(app, token, wrong)));
    const codes = answers.map((answer) => expectProblem(answer, 401).code as string);
    expect(codes.filter((code) => code === 'auth.invalid_code')).toHaveLength(5);
    expect(codes.filter((code) => code === 'auth.invalid_challenge')).toHaveLength(45);
  });

  it('200 for exactly one of fifty uses of one code at once', async () => {
    const tokens: string[] = [];
    for (let it = 0; it < 50; it += 1) tokens.push(await challengeOf(app, user));
    const code = nextCode(app, enrolled.secret);
    const answers = await Promise.all(tokens.map((token) => answerChallenge(app, token, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 200)) {
      expectProblem(answer, 401, 'auth.invalid_code');
    }
  });

  it('200 for exactly one of fifty uses of one backup code at once', async () => {
    const tokens: string[] = [];
    for (let it = 0; it < 50; it += 1) tokens.push(await challengeOf(app, user));
    const [code] = enrolled.backupCodes;
    const answers = await Promise.all(tokens.map((token) => answerChallenge(app, token, code)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 49 }, () => 401)]);
  });

  it('401 after five minutes, and after it was answered', async () => {
    const late = await challengeOf(app, user);
    app.clock.advance(5 * MINUTE);
    expectProblem(await answerChallenge(app, late, codeOf(app, enrolled.secret)), 401, 'auth.invalid_challenge');
    const token = await challengeOf(app, user);
    expect((await answerChallenge(app, token, codeOf(app, enrolled.secret))).status).toBe(200);
    expectProblem(await answerChallenge(app, token, nextCode(app, enrolled.secret)), 401, 'auth.invalid_challenge');
  });

  it('401 when the password was changed, or the account closed, since the challenge', async () => {
    const token = await challengeOf(app, user);
    const body = { current_password: user.password, new_password: 'a better horse, a newer staple' };
    const changed = await app.ask('POST', '/crm/auth/password/change', { headers: user.headers, body });
    expect(changed.status).toBe(204);
    expectProblem(await answerChallenge(app, token, nextCode(app, enrolled.secret)), 401, 'auth.invalid_challenge');
    const next = await challengeOf(app, { ...user, password: body.new_password });
    const closing = { headers: await asAdmin(app), body: { status: 'deactivated' } };
    expect((await app.ask('PATCH', `/crm/users/${user.userId}`, closing)).status).toBe(200);
    expectProblem(await answerChallenge(app, next, nextCode(app, enrolled.secret)), 401, 'auth.invalid_challenge');
  });

  it('401 for a challenge as access token, key and refresh token, and for those as a challenge', async () => {
    const token = await challengeOf(app, user);
    expectProblem(await whoami(token), 401);
    expectProblem(await app.ask('GET', '/crm/auth/whoami', { headers: { 'x-api-key': token } }), 401);
    expectProblem(await app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: token } }), 401);
    const code = nextCode(app, enrolled.secret);
    for (const other of [user.token, user.refreshToken, token.replace('tfc1', 'rt1'), `${token}x`]) {
      expectProblem(await answerChallenge(app, other, code), 401, 'auth.invalid_challenge');
    }
    expect((await answerChallenge(app, token, code)).status).toBe(200);
  });

  it('401 for a challenge whose number or tag was changed', async () => {
    const [kind, id, mac = ''] = (await challengeOf(app, user)).split('.');
    const other = await challengeOf(app, user);
    const code = nextCode(app, enrolled.secret);
    const forged = [`${kind}.${Number(id) + 1}.${mac}`, `${kind}.${id}.${mac.slice(0, -2)}AA`, `${kind}.999999.${mac}`];
    for (const token of forged) expectProblem(await answerChallenge(app, token, code), 401, 'auth.invalid_challenge');
    expect((await answerChallenge(app, other, code)).status).toBe(200);
  });

  it.each([undefined, null, '', 1, {}, ['123456'], 'x'.repeat(33)])(
    '400 for the code %j, and no try is lost',
    async (code) => {
      const token = await challengeOf(app, user);
      const answer = await answerChallenge(app, token, code);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer)).toEqual(['/code']);
      const row = await app
        .get(Database)
        .repository(LoginChallenge)
        .findOneBy({ challengeId: Number(token.split('.')[1]) });
      expect(row?.tries).toBe(0);
    },
  );

  it('removes challenges that are over, and keeps the living', async () => {
    const living = async (): Promise<number> => app.get(Database).repository(LoginChallenge).count();
    await challengeOf(app, user);
    app.clock.advance(6 * MINUTE);
    const token = await challengeOf(app, user);
    const headers = await asAdmin(app);
    expect((await app.ask('POST', '/crm/jobs/session-clean-up/run', { headers })).status).toBe(200);
    expect(await living()).toBe(1);
    expect((await answerChallenge(app, token, codeOf(app, enrolled.secret))).status).toBe(200);
  });

  describe('under limits', () => {
    afterAll(() => app.reconfigure(NO_LIMITS));

    it('429 once the account had its minute of wrong codes, challenge after challenge; a right one costs nothing', async () => {
      await app.reconfigure(`${NO_LIMITS.replace('login: 0', 'login: 6')}`);
      const wrong = wrongCode(app, enrolled.secret);
      const first = await challengeOf(app, user);
      for (let it = 0; it < 5; it += 1) expectProblem(await answerChallenge(app, first, wrong), 401);
      expect((await answerChallenge(app, await challengeOf(app, user), nextCode(app, enrolled.secret))).status).toBe(
        200,
      );
      const second = await challengeOf(app, user);
      expectProblem(await answerChallenge(app, second, wrong), 401, 'auth.invalid_code');
      const before = await countRecords(app);
      const refused = await answerChallenge(app, second, codeOf(app, enrolled.secret, 1));
      expectProblem(refused, 429);
      expect(refused.headers['retry-after']).toMatch(/^\d+$/);
      expect((await recordsOfRequest(app, refused)).map(({ event }) => event)).toEqual(['authn_login_lock']);
      expectProblem(await login(), 429);
      expect((await countRecords(app)) - before).toBe(1);
    });
  });
});
