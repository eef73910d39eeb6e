import { TwoFactorSecret } from '../../../src/auth/two-factor/two-factor.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { NO_LIMITS, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { TestClock } from '../../support/clock.js';
import { cli, told } from '../../support/command-line.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asUser, login, type UserHolder } from '../../support/principals.js';
import { execute } from '../../support/rows.js';
import { answerChallenge, challengeOf, codeOf, enrol, nextCode } from '../../support/two-factor.js';

const OLD = 'a pepper of the first version; long enough';
const NEW = 'a pepper of the second version; long enough';

describe('what codes are proved by', () => {
  let place: TestDatabase;
  let app: TestApp | null;
  let clock: TestClock;

  beforeEach(async () => {
    app = null;
    clock = new TestClock();
    place = await testDatabase();
  });
  afterEach(async () => {
    await app?.close();
    await place.drop();
  });

  const start = async (environment: Record<string, string> = {}): Promise<TestApp> => {
    await app?.close();
    app = null;
    return (app = await TestApp.start({ config: NO_LIMITS, database: place, clock, environment }));
  };
  const secretOf = (server: TestApp, { userId }: UserHolder) =>
    server.get(Database).repository(TwoFactorSecret).findOneByOrFail({ userId });

  it('200 with the old pepper gone: a start under the new one has sealed the secret anew', async () => {
    let server = await start({ CRM_SECRET_PEPPER: OLD });
    const user = await asUser(server, ['Support']);
    const { secret } = await enrol(server, user);
    const before = await secretOf(server, user);
    server = await start({ CRM_SECRET_PEPPER: `2:${NEW},1:${OLD}` });
    const after = await secretOf(server, user);
    expect([before.pepperVersion, after.pepperVersion]).toEqual([1, 2]);
    expect(after.lastStep).toBe(before.lastStep);
    server = await start({ CRM_SECRET_PEPPER: `2:${NEW}` });
    expectProblem(await answerChallenge(server, await challengeOf(server, user), codeOf(server, secret)), 401);
    expect((await answerChallenge(server, await challengeOf(server, user), nextCode(server, secret))).status).toBe(200);
  });

  it('401 for the code of a secret that was copied to another account', async () => {
    const server = await start();
    const thief = await asUser(server, ['Support']);
    const victim = await asUser(server, ['Support']);
    const { secret, backupCodes } = await enrol(server, thief);
    await enrol(server, victim);
    const { ciphertext } = await secretOf(server, thief);
    await execute(place, `UPDATE two_factor_secrets SET ciphertext = '${ciphertext}' WHERE user_id = ${victim.userId}`);
    await execute(place, `DELETE FROM backup_codes WHERE user_id = ${victim.userId}`);
    await execute(place, `UPDATE backup_codes SET user_id = ${victim.userId}`);
    const token = await challengeOf(server, victim);
    for (const code of [nextCode(server, secret), backupCodes[0]]) {
      expectProblem(await answerChallenge(server, token, code), 401, 'auth.invalid_code');
    }
  });

  it('is forgotten from the command line when nobody else can, and the password is enough', async () => {
    const server = await start();
    const user = await asUser(server, ['Admin']);
    await enrol(server, user);
    const kept = await cli(place, ['admin', 'reset-password', '--email', user.email]);
    expect(kept).toMatchObject({ status: 0, stderr: '' });
    await challengeOf(server, { email: user.email, password: told(kept, 'Password') });
    const dropped = await cli(place, ['admin', 'reset-password', '--email', user.email, '--drop-two-factor']);
    expect(dropped).toMatchObject({ status: 0, stderr: '' });
    expect((await login(server, user.email, told(dropped, 'Password'))).token).toBeDefined();
    const [record] = await recordsOf(server, 'user.two_factor_reset');
    expect(record).toMatchObject({ actorKind: 'system', subjectId: user.userId });
  });
});
