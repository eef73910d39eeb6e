import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type KeyHolder } from '../../support/principals.js';

const PROXY = '127.0.0.9';
const CONFIG = `
rate_limits: { failed_auth: 5, login: 0, user: 0, api_key: 0, address: 0 }
trusted_proxies: [${PROXY}]
`;

describe('the limit on failed authentication', () => {
  let app: TestApp;
  let key: KeyHolder;

  beforeAll(async () => {
    app = await TestApp.start({ config: CONFIG });
    key = await asApiKey(app, ['view_customer']);
  });
  afterAll(() => app.close());
  afterEach(() => app.clock.advance(60_000));

  const ask = (headers: Record<string, string>, from = '127.0.0.1', path = '/crm/customers'): Promise<Answer> =>
    app.ask('GET', path, { headers, from });
  const statuses = async (count: number, one: (index: number) => Promise<Answer>): Promise<number[]> => {
    const found: number[] = [];
    for (let index = 0; index < count; index += 1) found.push((await one(index)).status);
    return found;
  };

  it('429 for the sixth bad credential of an address, with the fields that say when to come back', async () => {
    const first = await ask({ 'x-api-key': 'bad' });
    expect(first.headers).toMatchObject({
      'ratelimit-policy': '"failed-auth";q=5;w=60',
      ratelimit: '"failed-auth";r=4;t=60',
    });
    expect(await statuses(4, () => ask({ 'x-api-key': 'bad' }))).toEqual([401, 401, 401, 401]);
    app.clock.advance(20_500);
    const answer = await ask({ 'x-api-key': 'bad' });
    expectProblem(answer, 429, 'throttling.too_many_failures');
    expect(answer.headers).toMatchObject({
      'ratelimit-policy': '"failed-auth";q=5;w=60',
      ratelimit: '"failed-auth";r=0;t=40',
      'retry-after': '40',
    });
  });

  it('429 whatever kind of credential fails, on whatever route, a new one each time', async () => {
    const tries = [
      () => ask({ 'x-api-key': 'bad' }),
      () => ask({ authorization: 'Bearer bad' }, '127.0.0.1', '/crm/users'),
      () => ask({ authorization: 'Basic YTpi' }, '127.0.0.1', '/crm/auth/whoami'),
      () => ask({ authorization: 'Bearer eyJ.eyJ.x' }),
      () => app.ask('POST', '/crm/auth/refresh', { body: { refresh_token: 'rt1.bad' } }),
    ];
    expect(await statuses(5, (index) => (tries[index] ?? tries[0])!())).toEqual([401, 401, 401, 401, 401]);
    for (const one of tries) expectProblem(await one(), 429);
  });

  it('200 for a good credential from an address that is over its limit', async () => {
    await statuses(8, () => ask({ 'x-api-key': 'bad' }));
    expect((await ask(key.headers)).status).toBe(200);
    expect((await ask(await asAdmin(app))).status).toBe(200);
    expectProblem(await ask({ 'x-api-key': 'bad' }), 429);
  });

  it('200 is not counted, and gives nothing back', async () => {
    expect(await statuses(20, () => ask(key.headers))).toEqual(Array.from({ length: 20 }, () => 200));
    expect(await statuses(6, () => ask({ 'x-api-key': 'bad' }))).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('401 from another address, which pays for its own failures alone', async () => {
    await statuses(8, () => ask({ 'x-api-key': 'bad' }));
    expect((await ask({ 'x-api-key': 'bad' }, '127.0.0.2')).status).toBe(401);
  });

  it('429 for a stranger who changes forwarding headers on each try', async () => {
    const found = await statuses(6, (index) => ask({ 'x-api-key': 'bad', 'x-forwarded-for': `10.0.0.${index}` }));
    expect(found).toEqual([401, 401, 401, 401, 401, 429]);
  });

  it('429 by the client behind a trusted proxy, not by the proxy', async () => {
    const from = (client: string) => ask({ 'x-api-key': 'bad', 'x-forwarded-for': client }, PROXY);
    expect(await statuses(6, () => from('198.51.100.1'))).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await from('198.51.100.2')).status).toBe(401);
    expectProblem(await from('6.6.6.6, 198.51.100.1'), 429);
  });

  it('429 by the /64 of an IPv6 client', async () => {
    const from = (client: string) => ask({ 'x-api-key': 'bad', 'x-forwarded-for': client }, PROXY);
    const found = await statuses(6, (index) => from(`2001:db8:0:1:${index}::${index}`));
    expect(found).toEqual([401, 401, 401, 401, 401, 429]);
    expect((await from('2001:db8:0:2::1')).status).toBe(401);
  });

  it('401 again once the minute is over by the clock', async () => {
    await statuses(8, () => ask({ 'x-api-key': 'bad' }));
    app.clock.advance(59_999);
    expectProblem(await ask({ 'x-api-key': 'bad' }), 429);
    app.clock.advance(1);
    expectProblem(await ask({ 'x-api-key': 'bad' }), 401);
  });

  it('401 again and again when the limit is 0', async () => {
    await app.reconfigure(CONFIG.replace('failed_auth: 5', 'failed_auth: 0'));
    const found = await statuses(10, () => ask({ 'x-api-key': 'bad' }));
    expect(found).toEqual(Array.from({ length: 10 }, () => 401));
    await app.reconfigure(CONFIG);
  });
});
