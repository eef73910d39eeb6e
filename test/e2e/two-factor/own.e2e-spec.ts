import { BackupCode, TwoFactorSecret } from '../../../src/auth/two-factor/two-factor.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials, type UserHolder } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';
import {
  answerChallenge,
  challengeOf,
  codeOf,
  type Enrolled,
  enrol,
  nextCode,
  twoFactor,
  wrongCode,
} from '../../support/two-factor.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `${NO_LIMITS}ip_whitelist: [{ address: ${TRUSTED}, roles: [admin], allow_admin: true }]\n`;
const ACTIONS = ['enable', 'verify', 'disable', 'backup-codes'];

describe('one’s own two-factor', () => {
  let app: TestApp;
  let user: UserHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Support']);
  });

  const act = (action: string, body: object, headers: Credentials = user.headers, of = user.userId): Promise<Answer> =>
    twoFactor(app, action, { of, headers, body });
  const enable = (password = user.password): Promise<Answer> => act('enable', { password });
  const verify = (code: string): Promise<Answer> => act('verify', { code });
  const isEnabled = async (): Promise<boolean[]> => {
    const own = await app.ask('GET', '/crm/auth/profile', { headers: user.headers });
    const headers = await asAdmin(app);
    const read = await app.ask('GET', `/crm/users/${user.userId}`, { headers });
    const list = await app.ask('GET', `/crm/users?search=${user.userId}`, { headers });
    const listed = list.body.data.find((it: { user_id: number }) => it.user_id === user.userId);
    return [own, read, { body: listed }].map(({ body }) => body.two_factor_enabled as boolean);
  };
  const login = (): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email: user.email, password: user.password } });

  itNeedsAuthentication(
    () => app,
    ACTIONS.map((action) => ({
      method: 'POST',
      path: `/crm/2fa/${action}/user/1`,
      body: { password: 'x', code: '000000' },
    })),
  );

  it.each(ACTIONS)('403 for a key and an address, whatever they hold: %s', async (action) => {
    const body = { password: user.password, code: '000000' };
    const key = await asApiKey(app, ['admin']);
    expectProblem(await act(action, body, key.headers), 403, 'rbac.wrong_principal');
    const trusted = await app.ask('POST', `/crm/2fa/${action}/user/${user.userId}`, { from: TRUSTED, body });
    expectProblem(trusted, 403, 'rbac.wrong_principal');
  });

  it.each(ACTIONS)('404 for another user, there or not, administrators included: %s', async (action) => {
    const body = action === 'enable' ? { password: 'an administrator of tests' } : { code: '000000' };
    const more = action === 'disable' || action === 'backup-codes' ? { ...body, password: user.password } : body;
    const admin = await asAdmin(app);
    expectProblem(await act(action, more, admin), 404, 'users.not_found');
    expectProblem(await act(action, more, user.headers, 1), 404, 'users.not_found');
    expectProblem(await act(action, more, user.headers, 2_000_000_000), 404, 'users.not_found');
    expectProblem(await app.ask('POST', `/crm/2fa/${action}/user/x`, { headers: user.headers, body: more }), 400);
  });

  describe('enable and verify', () => {
    it('200 with what an authenticator needs, and nothing is asked for before a code was seen', async () => {
      const answer = await enable();
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      const { secret, otpauth_url: url, qr_svg: picture } = answer.body;
      expect(Object.keys(answer.body).toSorted()).toEqual(['otpauth_url', 'qr_svg', 'secret']);
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      expect(new URL(url).searchParams.get('secret')).toBe(secret);
      expect(decodeURIComponent(url)).toContain(`OmniCRM:${user.email}`);
      expect(picture).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"[\s\S]*<\/svg>\s*$/);
      expect(picture).not.toContain('<script');
      expect(await isEnabled()).toEqual([false, false, false]);
      expect((await login()).body.token).toBeDefined();
    });

    it('200 for a first code, with backup codes; users say so everywhere', async () => {
      const { secret } = (await enable()).body;
      const answer = await verify(codeOf(app, secret));
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      const { backup_codes: codes, ...rest } = answer.body;
      expect(rest).toEqual({});
      expect(new Set(codes).size).toBeGreaterThanOrEqual(8);
      expect(await isEnabled()).toEqual([true, true, true]);
      expect((await login()).body.two_factor_required).toBe(true);
      const [record] = await recordsOfRequest(app, answer);
      expect(record).toMatchObject({ event: 'user.two_factor_enabled', subjectId: user.userId });
      for (const code of codes) expect(JSON.stringify(record)).not.toContain(code);
    });

    it('keeps nothing that could be read: the secret is sealed, the backup codes are digests', async () => {
      const { secret, backupCodes } = await enrol(app, user);
      const { userId } = user;
      const rows = [
        ...(await app.get(Database).repository(TwoFactorSecret).findBy({ userId })),
        ...(await app.get(Database).repository(BackupCode).findBy({ userId })),
      ];
      expect(rows).toHaveLength(1 + backupCodes.length);
      const text = JSON.stringify(rows);
      for (const clear of [secret, ...backupCodes, ...backupCodes.map((code) => code.replace('-', ''))]) {
        expect(text).not.toContain(clear);
      }
    });

    it('403 for a wrong password: nothing begins, and it is recorded', async () => {
      const answer = await enable('not the password of anybody');
      expectProblem(answer, 403, 'auth.wrong_password');
      expect((await recordsOfRequest(app, answer)).map(({ event }) => event)).toEqual(['authn_password_fail']);
      expectProblem(await verify('000000'), 409, 'auth.enrolment_not_begun');
    });

    it('403 for a wrong code: it stays off, and the next code is right', async () => {
      const { secret } = (await enable()).body;
      for (const code of [wrongCode(app, secret), codeOf(app, secret, -2), codeOf(app, secret, 2), 'abcde-fghij']) {
        expectProblem(await verify(code), 403, 'auth.wrong_code');
      }
      expect(await isEnabled()).toEqual([false, false, false]);
      expect((await verify(codeOf(app, secret))).status).toBe(200);
    });

    it('409 for verify without enable, enable when enabled, verify when enabled', async () => {
      expectProblem(await verify('000000'), 409, 'auth.enrolment_not_begun');
      const { secret } = await enrol(app, user);
      expectProblem(await enable(), 409, 'auth.two_factor_enabled');
      expectProblem(await verify(nextCode(app, secret)), 409, 'auth.two_factor_enabled');
      expect((await answerChallenge(app, await challengeOf(app, user), codeOf(app, secret))).status).toBe(200);
    });

    it('200 for one that begins anew before it was verified: the first secret is worth nothing', async () => {
      const first = (await enable()).body.secret;
      const second = (await enable()).body.secret;
      expectProblem(await verify(codeOf(app, first)), 403, 'auth.wrong_code');
      expect((await verify(codeOf(app, second))).status).toBe(200);
    });

    it('200 for one of two verifications at once', async () => {
      const { secret } = (await enable()).body;
      const answers = await Promise.all([verify(codeOf(app, secret)), verify(codeOf(app, secret))]);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    });

    it.each([
      ['enable', {}, ['/password']],
      ['enable', { password: 1, user_id: 1 }, ['/password', '/user_id']],
      ['verify', { code: 123456 }, ['/code']],
      ['verify', { code: '123456', secret: 'x' }, ['/secret']],
      ['disable', {}, ['/code', '/password']],
      ['backup-codes', { password: [], code: {} }, ['/code', '/password']],
    ])('400 for %s with %j', async (action, body, named) => {
      const answer = await act(action, body);
      expectProblem(answer, 400, 'request.invalid');
      expect(pointers(answer).toSorted()).toEqual(named);
    });

    itIsAudited(() => app, {
      event: 'user.two_factor_begun',
      subjectType: 'user',
      subjectId: () => user.userId,
      act: () => enable(),
      secrets: ['otpauth', '<svg'],
    });
  });

  describe('disable and new backup codes', () => {
    let enrolled: Enrolled;
    beforeEach(async () => {
      enrolled = await enrol(app, user);
    });

    it('204: the password is enough again, and nothing of it is left', async () => {
      const code = nextCode(app, enrolled.secret);
      const answer = await act('disable', { password: user.password, code });
      expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
      expect(await isEnabled()).toEqual([false, false, false]);
      expect((await login()).body.token).toBeDefined();
      const { userId } = user;
      expect(await app.get(Database).repository(TwoFactorSecret).countBy({ userId })).toBe(0);
      expect(await app.get(Database).repository(BackupCode).countBy({ userId })).toBe(0);
      expectProblem(await act('disable', { password: user.password, code }), 409, 'auth.two_factor_not_enabled');
    });

    it('200 with new backup codes, by a backup code; those from before are worth nothing', async () => {
      const [code, old] = enrolled.backupCodes;
      const answer = await act('backup-codes', { password: user.password, code });
      expect(answer.status).toBe(200);
      const { backup_codes: fresh } = answer.body;
      expect(new Set([...fresh, ...enrolled.backupCodes]).size).toBe(fresh.length + enrolled.backupCodes.length);
      const token = await challengeOf(app, user);
      expectProblem(await answerChallenge(app, token, old), 401, 'auth.invalid_code');
      expect((await answerChallenge(app, token, fresh[0])).status).toBe(200);
    });

    it.each(['disable', 'backup-codes'])('403 for a wrong password or code: %s changes nothing', async (action) => {
      const code = nextCode(app, enrolled.secret);
      expectProblem(await act(action, { password: 'not the password', code }), 403, 'auth.wrong_password');
      const { password } = user;
      for (const wrong of [wrongCode(app, enrolled.secret), codeOf(app, enrolled.secret, -2)]) {
        const answer = await act(action, { password, code: wrong });
        expectProblem(answer, 403, 'auth.wrong_code');
        expect((await recordsOfRequest(app, answer)).map(({ event }) => event)).toEqual(['authn_2fa_fail']);
      }
      expect(await isEnabled()).toEqual([true, true, true]);
      // The wrong password spent no code.
      const token = await challengeOf(app, user);
      expect((await answerChallenge(app, token, code)).status).toBe(200);
      expectProblem(await act(action, { password, code }), 403, 'auth.wrong_code');
    });

    it.each(['disable', 'backup-codes'])('409 without two-factor: %s', async (action) => {
      user = await asUser(app, ['Support']);
      const answer = await act(action, { password: user.password, code: '000000' });
      expectProblem(answer, 409, 'auth.two_factor_not_enabled');
    });
  });
});
