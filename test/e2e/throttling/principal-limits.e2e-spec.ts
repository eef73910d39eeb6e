import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asApiKey, asUser, login } from '../../support/principals.js';

const TRUSTED = '127.0.0.5';
const CONFIG = `
rate_limits: { api_key: 5, personal_token: 5, user: 4, address: 3, login: 0, failed_auth: 0 }
ip_whitelist: [{ address: 127.0.0.4/30, roles: [view_customer] }]
`;

describe('the limit on requests', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
  });
  afterAll(() => app.close());
  beforeEach(() => app.clock.advance(60_000));

  const ask = (
    headers: Readonly<Record<string, string>>,
    path = '/crm/auth/whoami',
    from = '127.0.0.1',
  ): Promise<Answer> => app.ask('GET', path, { headers, from });
  const statuses = async (count: number, one: (index: number) => Promise<Answer>): Promise<number[]> => {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) found.push((await one(index)).status);
    return found;
  };

  it('429 for a key after its five, with the fields of the standard on each answer', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    const first = await ask(headers);
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"api-key";q=5;w=60', ratelimit: '"api-key";r=4;t=60' });
    expect(first.headers['retry-after']).toBeUndefined();
    app.clock.advance(12_300);
    expect((await ask(headers)).headers.ratelimit).toBe('"api-key";r=3;t=48');
    expect(await statuses(3, () => ask(headers))).toEqual([200, 200, 200]);
    const answer = await ask(headers);
    expectProblem(answer, 429, 'throttling.too_many');
    expect(answer.headers).toMatchObject({
      'ratelimit-policy': '"api-key";q=5;w=60',
      ratelimit: '"api-key";r=0;t=48',
      'retry-after': '48',
      'cache-control': 'no-store',
    });
  });

  it('429 over all routes, spellings of the credential and addresses together', async () => {
    const { key, headers } = await asApiKey(app, ['view_customer']);
    const found = await statuses(6, (index) =>
      index % 2
        ? ask(headers, '/crm/customers', `127.0.0.${10 + index}`)
        : ask({ authorization: `Bearer ${key}` }, `/crm/customers/${index + 1}`, `127.0.0.${10 + index}`),
    );
    expect(found).toEqual([404, 200, 404, 200, 404, 429]);
  });

  it('200 for one key while another is over its limit', async () => {
    const one = await asApiKey(app, ['view_customer']);
    app.clock.advance(60_000);
    const other = await asApiKey(app, ['view_customer']);
    await statuses(6, () => ask(one.headers));
    expectProblem(await ask(one.headers), 429);
    expect((await ask(other.headers)).status).toBe(200);
  });

  it('429 for a user, all sessions together', async () => {
    const user = await asUser(app, []);
    const second = await login(app, user.email, user.password);
    const sessions = [user.headers, second.headers];
    const found = await statuses(5, (index) => ask(sessions[index % 2] ?? {}));
    expect(found).toEqual([200, 200, 200, 200, 429]);
    expect((await ask(user.headers)).headers['ratelimit-policy']).toBe('"user";q=4;w=60');
  });

  it('429 for a trusted address, each address by itself', async () => {
    const found = await statuses(4, () => ask({}, '/crm/customers', TRUSTED));
    expect(found).toEqual([200, 200, 200, 429]);
    const answer = await ask({}, '/crm/customers', TRUSTED);
    expect(answer.headers).toMatchObject({ 'ratelimit-policy': '"address";q=3;w=60', ratelimit: '"address";r=0;t=60' });
    expect((await ask({}, '/crm/customers', '127.0.0.6')).status).toBe(200);
  });

  it('429 by the limit of the very key, tighter or wider than the default', async () => {
    const tight = await asApiKey(app, ['view_customer'], { rate_limit: 2 });
    app.clock.advance(60_000);
    const wide = await asApiKey(app, ['view_customer'], { rate_limit: 8 });
    expect(await statuses(3, () => ask(tight.headers))).toEqual([200, 200, 429]);
    expect((await ask(tight.headers)).headers['ratelimit-policy']).toBe('"api-key";q=2;w=60');
    expect(await statuses(9, () => ask(wide.headers))).toEqual([...Array.from({ length: 8 }, () => 200), 429]);
  });

  it('429 before 403, 400 and 404', async () => {
    const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 4 });
    const asked = ['/crm/users', '/crm/customers?limit=x', '/crm/customers/x', '/crm/customers/999999'];
    const before = await statuses(4, (index) => ask(headers, asked[index]));
    expect(before).toEqual([403, 400, 400, 404]);
    for (const path of asked) expectProblem(await ask(headers, path), 429, 'throttling.too_many');
    const body = { nonsense: true };
    expectProblem(await app.ask('POST', '/crm/customers', { headers, body }), 429);
  });

  it('401 before 429: a stranger is no principal whose requests could be counted', async () => {
    const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 1 });
    await statuses(3, () => ask(headers));
    expectProblem(await ask({ 'x-api-key': `${headers['x-api-key']}x` }), 401);
    expectProblem(await ask({}), 401);
  });

  it('200 again once the window is over by the clock, and not a moment before', async () => {
    const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 1 });
    expect((await ask(headers)).status).toBe(200);
    app.clock.advance(59_999);
    const answer = await ask(headers);
    expectProblem(answer, 429);
    expect(answer.headers['retry-after']).toBe('1');
    app.clock.advance(1);
    expect((await ask(headers)).status).toBe(200);
  });

  it('200 for exactly as many of a hundred at once as the limit allows', async () => {
    const { headers } = await asApiKey(app, ['view_customer'], { rate_limit: 10 });
    const answers = await Promise.all(Array.from({ length: 100 }, () => ask(headers)));
    expect(answers.filter((answer) => answer.status === 200).length).toBe(10);
    expect(answers.filter((answer) => answer.status === 429).length).toBe(90);
  });

  it('200 for a new session when the old one is over: public routes count nobody', async () => {
    const user = await asUser(app, []);
    await statuses(5, () => ask(user.headers));
    expect((await app.ask('GET', '/health/live', { headers: user.headers })).headers.ratelimit).toBeUndefined();
    expect((await login(app, user.email, user.password)).token).toBeDefined();
  });

  it('429 for an administrator too', async () => {
    const admin = await asUser(app, ['Admin']);
    expect(await statuses(5, () => ask(admin.headers, '/crm/users'))).toEqual([200, 200, 200, 200, 429]);
  });

  it('200 without end and without the fields when the limit is 0, from the next request on', async () => {
    const { headers } = await asApiKey(app, ['view_customer']);
    await statuses(6, () => ask(headers));
    await app.reconfigure(CONFIG.replace('api_key: 5', 'api_key: 0'));
    const found = await statuses(10, () => ask(headers));
    expect(found).toEqual(Array.from({ length: 10 }, () => 200));
    expect((await ask(headers)).headers['ratelimit-policy']).toBeUndefined();
    await app.reconfigure(CONFIG);
  });
});

describe('without rate_limits in the configuration', () => {
  it('429 after 60 requests of a key', async () => {
    const app = await TestApp.start({ config: '{}' });
    const { headers } = await asApiKey(app, ['view_customer']);
    const answers = await Promise.all(
      Array.from({ length: 61 }, () => app.ask('GET', '/crm/auth/whoami', { headers })),
    );
    expect(answers.filter((answer) => answer.status === 200).length).toBe(60);
    expect(answers[0]?.headers['ratelimit-policy']).toBe('"api-key";q=60;w=60');
    await app.close();
  });
});
