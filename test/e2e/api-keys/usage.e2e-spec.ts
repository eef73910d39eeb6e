import fc from 'fast-check';
import type { UsageCounter } from '../../../src/audit/usage/usage-counter.entity.js';
import { UsageRepository } from '../../../src/audit/usage/usage.repository.js';
import { DAY, HOUR } from '../../../src/common/clock.js';
import { Database } from '../../../src/platform/database/database.js';
import { TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type KeyHolder } from '../../support/principals.js';

describe('what a key was used for', () => {
  let app: TestApp;
  beforeEach(async () => (app = await TestApp.start()));
  afterEach(() => app.close());

  const get = async (path: string, query = '') =>
    app.ask('GET', `/crm/api-keys/${path}${query}`, { headers: await asAdmin(app) });
  const usage = async ({ apiKeyId }: KeyHolder, query = '') => (await get(`${apiKeyId}/usage`, query)).body;
  const ask = async ({ headers }: KeyHolder, path: string, times = 1, from = '127.0.0.1') => {
    for (let time = 0; time < times; time += 1) await app.ask('GET', path, { headers, from });
    await app.flushAccessLog();
  };

  const USAGE = { method: 'GET', path: '/crm/api-keys/1/usage' };
  const LOGS = { method: 'GET', path: '/crm/api-keys/1/access-logs' };
  itNeedsAuthentication(() => app, [USAGE, LOGS]);
  itNeedsPermission(() => app, 'manage_api_keys', [USAGE]);
  itNeedsPermission(() => app, 'manage_api_keys', [LOGS]);

  it('200 with counts by class of answer, route and address', async () => {
    const key = await asApiKey(app, ['view_customer']);
    await ask(key, '/crm/customers', 3);
    await ask(key, '/crm/customers/999', 2);
    await ask(key, '/crm/users', 1, '127.0.0.9');
    const body = await usage(key);
    expect(body).toMatchObject({
      api_key_id: key.apiKeyId,
      bucket: 'day',
      from: '2030-01-31T00:00:00.000Z',
      to: '2030-03-02T00:00:00.000Z',
      total: 6,
      by_status_class: { '1xx': 0, '2xx': 3, '3xx': 0, '4xx': 3, '5xx': 0 },
      by_route: [
        { method: 'GET', route: '/crm/customers', requests: 3 },
        { method: 'GET', route: '/crm/customers/:customer_id', requests: 2 },
        { method: 'GET', route: '/crm/users', requests: 1 },
      ],
      by_address: [
        { address: '127.0.0.1', requests: 5 },
        { address: '127.0.0.9', requests: 1 },
      ],
    });
    expect(body.buckets).toHaveLength(30);
    expect(body.buckets.at(-1)).toMatchObject({ at: '2030-03-01T00:00:00.000Z', requests: 6 });
    expect(body.buckets.at(0)).toMatchObject({ requests: 0, by_status_class: { '2xx': 0 } });
  });

  it('200 by the hour and by the day, each request in its own', async () => {
    const key = await asApiKey(app, ['view_customer']);
    for (const hour of [0, 1, 30]) {
      app.clock.advance(hour * HOUR);
      await ask(key, '/crm/customers', hour + 1);
    }
    const query = '?bucket=hour&from=2030-03-01T12:30:00Z&to=2030-03-02T19:00:01Z';
    const hours = (await usage(key, query)).buckets.filter((bucket: { requests: number }) => bucket.requests > 0);
    expect(hours.map(({ at, requests }: { at: string; requests: number }) => [at, requests])).toEqual([
      ['2030-03-01T12:00:00.000Z', 1],
      ['2030-03-01T13:00:00.000Z', 2],
      ['2030-03-02T19:00:00.000Z', 31],
    ]);
    const body = await usage(key, '?from=2030-03-01&to=2030-03-03');
    expect(body.buckets.map(({ requests }: { requests: number }) => requests)).toEqual([3, 31]);
    expect((await usage(key, '?from=2030-03-02&to=2030-03-03')).total).toBe(31);
  });

  it('200 with its own requests only, whoever else asked', async () => {
    const [key, other] = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_customer'])];
    const user = await asUser(app, ['Support']);
    await ask(other, '/crm/customers', 2);
    await app.ask('GET', '/crm/customers', { headers: user.headers });
    await ask(key, '/crm/customers');
    expect([(await usage(key)).total, (await usage(other)).total]).toEqual([1, 2]);
    const log = (await get(`${key.apiKeyId}/access-logs`)).body.data;
    expect(log).toHaveLength(1);
    expect(log[0]).toMatchObject({ actor: { kind: 'api_key', id: key.apiKeyId }, path: '/crm/customers', status: 200 });
  });

  it('200 for a key that was never used, and for a revoked one, which keeps its past', async () => {
    const [never, revoked] = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_customer'])];
    expect(await usage(never)).toMatchObject({ total: 0, by_route: [], by_address: [] });
    await ask(revoked, '/crm/customers', 2);
    await app.ask('DELETE', `/crm/api-keys/${revoked.apiKeyId}`, { headers: await asAdmin(app) });
    await ask(revoked, '/crm/customers');
    expect((await usage(revoked)).total).toBe(2);
    expect((await get(`${revoked.apiKeyId}/access-logs`)).body.data).toHaveLength(2);
  });

  it('200 with the access log of the key, filtered and page by page', async () => {
    const key = await asApiKey(app, ['view_customer']);
    await ask(key, '/crm/customers', 3);
    await ask(key, '/crm/users');
    const refused = await get(`${key.apiKeyId}/access-logs`, '?status_class=4xx');
    expect(refused.body.data).toMatchObject([{ route: '/crm/users', status: 403 }]);
    const first = await get(`${key.apiKeyId}/access-logs`, '?limit=3&sort=access_id');
    const next = await get(
      `${key.apiKeyId}/access-logs`,
      `?limit=3&sort=access_id&cursor=${first.body.page.next_cursor}`,
    );
    expect([...first.body.data, ...next.body.data].map(({ path }: { path: string }) => path)).toEqual([
      ...Array(3).fill('/crm/customers'),
      '/crm/users',
    ]);
  });

  it('400 naming the parameter', async () => {
    const { apiKeyId } = await asApiKey(app, ['view_customer']);
    const wrong: [string, string][] = [
      ['from', '?from=2030-03-02&to=2030-03-01'],
      ['from', '?from=2030-03-01&to=2030-03-01'],
      ['from', '?bucket=hour&from=2029-01-01'],
      ['from', '?from=2000-01-01'],
      ['bucket', '?bucket=minute'],
      ['to', '?to=9999-12-31T23:59:59.999Z'],
      ['from', '?to=0000-01-01'],
      ['to', '?to=tomorrow'],
      ['limit', '?limit=1'],
    ];
    for (const [name, query] of wrong) {
      const problem = expectProblem(await get(`${apiKeyId}/usage`, query), 400);
      expect([query, problem.errors?.map(({ pointer }: { pointer: string }) => pointer)]).toEqual([
        query,
        [`/${name}`],
      ]);
    }
    for (const query of ['?actor_id=1', '?actor_kind=user']) {
      expectProblem(await get(`${apiKeyId}/access-logs`, query), 400);
    }
  });

  it('404 for a key that there is not', async () => {
    expectProblem(await get('999/usage'), 404, 'api_keys.not_found');
    expectProblem(await get('999/access-logs'), 404, 'api_keys.not_found');
    expectProblem(await get('x/usage'), 400);
  });

  it('counts what the access log says, whatever was asked', async () => {
    const keys = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_own_customer'])];
    const paths = ['/crm/customers', '/crm/customers/1', '/crm/users', '/crm/api-keys/self', '/crm/nosuch'];
    const request = fc.tuple(fc.nat({ max: 1 }), fc.constantFrom(...paths), fc.constantFrom(1, 5), fc.nat({ max: 40 }));
    await fc.assert(
      fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 12 }), async (requests) => {
        for (const [who, path, host, hours] of requests) {
          app.clock.advance(hours * HOUR);
          await app.ask('GET', path, { headers: keys[who]?.headers ?? {}, from: `127.0.0.${host}` });
        }
        await app.flushAccessLog();
        const from = new Date(app.clock.millis() - 700 * DAY).toISOString();
        for (const key of keys) {
          const body = await usage(key, `?from=${from}`);
          const log = await get(`${key.apiKeyId}/access-logs`, `?count=true&limit=1&from=${from}`);
          expect(body.total).toBe(log.body.page.total);
          const sum = (rows: { requests: number }[]) => rows.reduce((total, row) => total + row.requests, 0);
          expect([sum(body.buckets), sum(body.by_address)]).toEqual([body.total, body.total]);
        }
      }),
      { numRuns: 8 },
    );
  });

  it('loses no count when several nodes count the same at once', async () => {
    const usages = app.get(UsageRepository);
    const database = app.get(Database);
    const counter: UsageCounter = {
      ...{ actorKind: 'api_key', actorId: 77, period: 'day' as const, dimension: 'class' as const, value: '2xx' },
      ...{ startsAt: '2030-03-01T00:00:00.000Z', requests: 1 },
    };
    await Promise.all(
      Array.from({ length: 50 }, () => database.transaction(() => usages.add([counter, { ...counter, value: '4xx' }]))),
    );
    const span = { actorKind: 'api_key', actorId: 77, period: 'day' as const, from: '2030-01-01', to: '2031-01-01' };
    expect((await usages.counters(span, 'class')).map(({ value, requests }) => [value, requests])).toEqual([
      ['2xx', 50],
      ['4xx', 50],
    ]);
  });
});
