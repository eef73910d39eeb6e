import { PasswordHasher } from '../../../src/platform/secrets/password-hasher.js';
import { ADMIN, type Answer, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';

const CONFIG = 'rate_limits: { login: 10, failed_auth: 0, user: 0, api_key: 0 }\n';
const MINUTE = 60_000;

describe('the limit on logins', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  afterEach(() => {
    jest.restoreAllMocks();
    app.clock.advance(MINUTE);
  });

  const login = (email: string, password: string, from = '127.0.0.1', headers = {}): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { from, headers, body: { email, password } });
  const address = (index: number): string => `127.0.7.${index + 1}`;
  const times = async <T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> => {
    const results: T[] = [];
    for (let index = 0; index < count; index += 1) results.push(await work(index));
    return results;
  };

  it('429 for the eleventh failure, with the fields that say when to come back', async () => {
    const failures = await times(10, () => login(ADMIN.email, 'wrong'));
    expect(failures.map((answer) => answer.status)).toEqual(Array.from({ length: 10 }, () => 401));
    expect(failures[0]?.headers).toMatchObject({
      'ratelimit-policy': '"login";q=10;w=60',
      ratelimit: '"login";r=9;t=60',
    });
    expect(failures[9]?.headers.ratelimit).toBe('"login";r=0;t=60');
    app.clock.advance(15_000);
    const answer = await login(ADMIN.email, ADMIN.password);
    expectProblem(answer, 429, 'throttling.too_many_failures');
    expect(answer.headers).toMatchObject({
      'ratelimit-policy': '"login";q=10;w=60',
      ratelimit: '"login";r=0;t=45',
      'retry-after': '45',
    });
  });

  it('429 ends when the minute is over by the clock, not before', async () => {
    await times(10, () => login(ADMIN.email, 'wrong'));
    app.clock.advance(MINUTE - 1);
    const last = await login(ADMIN.email, ADMIN.password);
    expectProblem(last, 429);
    expect(last.headers['retry-after']).toBe('1');
    app.clock.advance(1);
    expect((await login(ADMIN.email, ADMIN.password)).status).toBe(200);
  });

  it('429 by account, from whatever address: ten addresses, one account', async () => {
    await times(10, (index) => login(ADMIN.email, 'wrong', address(index)));
    expectProblem(await login(ADMIN.email, ADMIN.password, address(20)), 429);
    expectProblem(await login('someone@example.com', 'wrong', address(20)), 401);
  });

  it.each([
    ['letter case', (index: number) => (index % 2 ? 'ADMIN@example.com' : 'admin@EXAMPLE.com')],
    ['blanks', (index: number) => `${' '.repeat(index)}admin@example.com\t`],
    ['compatibility forms', (index: number) => (index % 2 ? 'ａdmin@example.com' : 'admin＠example.com')],
  ])('429 by account, however it is spelled: %s', async (_how, spelling) => {
    await times(10, (index) => login(spelling(index), 'wrong', address(index)));
    expectProblem(await login(ADMIN.email, ADMIN.password, address(20)), 429);
  });

  it('429 by address, with a new e-mail, user agent and forwarding header on each try', async () => {
    const answers = await times(12, (index) =>
      login(`user${index}@example.com`, 'wrong', '127.0.0.66', {
        'user-agent': `agent ${index}`,
        'x-forwarded-for': `10.0.0.${index}`,
        'x-real-ip': `10.0.0.${index}`,
        'x-request-id': `id-${index}`,
        authorization: `Bearer ${index}`,
      }),
    );
    expect(answers.map((answer) => answer.status).slice(8)).toEqual([401, 401, 429, 429]);
    expectProblem(await login(ADMIN.email, ADMIN.password, '127.0.0.66'), 429);
    expect((await login(ADMIN.email, ADMIN.password, '127.0.0.67')).status).toBe(200);
  });

  it('429 at an address locks no account for the others', async () => {
    await times(30, () => login(ADMIN.email, 'wrong', '127.0.0.66'));
    const answer = await login('other@example.com', 'wrong', '127.0.0.67');
    expect(answer.status).toBe(401);
    expect(answer.headers.ratelimit).toBe('"login";r=9;t=60');
  });

  it('200 is not counted, however many', async () => {
    const answers = await times(15, () => login(ADMIN.email, ADMIN.password));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 15 }, () => 200));
    expect(answers[14]?.headers).toMatchObject({
      'ratelimit-policy': '"login";q=10;w=60',
      ratelimit: '"login";r=10;t=60',
    });
  });

  it('200 in between gives no failure back', async () => {
    await times(9, () => login(ADMIN.email, 'wrong'));
    expect((await login(ADMIN.email, ADMIN.password)).status).toBe(200);
    expect((await login(ADMIN.email, 'wrong')).status).toBe(401);
    expectProblem(await login(ADMIN.email, 'wrong'), 429);
  });

  it('400 is not counted: it reached no password', async () => {
    await times(12, () => app.ask('POST', '/crm/auth/login', { body: { email: ADMIN.email } }));
    expect((await login(ADMIN.email, ADMIN.password)).status).toBe(200);
  });

  it('429 for all but ten of 1,000 wrong tries at once, and the lock is recorded once', async () => {
    const verify = jest.spyOn(app.get(PasswordHasher), 'verify');
    const before = (await recordsOf(app, 'authn_login_lock')).length;
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => login(ADMIN.email, 'wrong')));
    const refused = answers.filter((answer) => answer.status === 429);
    expect(verify.mock.calls.length).toBeLessThanOrEqual(10);
    expect(refused.length).toBe(990);
    const locks = await recordsOf(app, 'authn_login_lock');
    expect(locks.length).toBe(before + 1);
    expect(locks[0]).toMatchObject({ subjectType: 'user', subjectId: 1, address: '127.0.0.1' });
  });

  it('429 for all but ten tries at once from as many addresses', async () => {
    const verify = jest.spyOn(app.get(PasswordHasher), 'verify');
    await Promise.all(Array.from({ length: 200 }, (_, index) => login(ADMIN.email, 'wrong', address(index))));
    expect(verify.mock.calls.length).toBe(10);
  });

  it('401 again and again when the limit is 0, without the fields', async () => {
    await app.reconfigure(CONFIG.replace('login: 10', 'login: 0'));
    const answers = await times(15, () => login(ADMIN.email, 'wrong'));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 15 }, () => 401));
    expect(answers[0]?.headers.ratelimit).toBeUndefined();
    await app.reconfigure(CONFIG);
  });
});
