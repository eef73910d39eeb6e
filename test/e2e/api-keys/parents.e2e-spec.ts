import { HOUR } from '../../../src/common/clock.js';
import { TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asApiKey, type KeyHolder } from '../../support/principals.js';

const RIGHTS = ['manage_api_keys', 'view_customer'];

describe('keys that manage keys', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  const childOf = async ({ headers }: KeyHolder, more: object = {}): Promise<KeyHolder> => {
    const answer = await app.ask('POST', '/crm/api-keys', {
      headers,
      body: { name: 'Child', permissions: RIGHTS, ...more },
    });
    expect(answer.status).toBe(201);
    const { api_key_id: apiKeyId, api_key: key } = answer.body as { api_key_id: number; api_key: string };
    return { apiKeyId, key, headers: { 'x-api-key': key } };
  };
  const regenerate = (by: KeyHolder, { apiKeyId }: KeyHolder, body: object = {}) =>
    app.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`, { headers: by.headers, body });
  const edit = (by: KeyHolder, { apiKeyId }: KeyHolder, body: object) =>
    app.ask('PATCH', `/crm/api-keys/${apiKeyId}`, { headers: by.headers, body });
  const works = async ({ headers }: KeyHolder) =>
    (await app.ask('GET', '/crm/auth/whoami', { headers })).status === 200;

  it.each([
    [
      'an expiry',
      () => ({ expiry_date: app.clock.instant(HOUR) }),
      () => ({ expiry_date: app.clock.instant(2 * HOUR) }),
    ],
    ['addresses', () => ({ allowed_addresses: ['127.0.0.1'] }), () => ({ allowed_addresses: ['127.0.0.0/24'] })],
    ['a rate limit', () => ({ rate_limit: 50 }), () => ({ rate_limit: 51 })],
    ['a creator', () => ({ bound_to_creator: true }), () => ({ bound_to_creator: false })],
  ])(
    '422 when a key with %s takes the value of a freer one, by regenerating it or by bringing one back',
    async (_, limits, wider) => {
      const holder = await asApiKey(app, RIGHTS, limits());
      const admin = await asApiKey(app, ['admin']);
      for (const free of [await asApiKey(app, RIGHTS), await asApiKey(app, RIGHTS, wider())]) {
        expectProblem(await regenerate(holder, free), 422, 'api_keys.beyond_parent');
        expect(await works(free)).toBe(true);
        expect((await regenerate(admin, free, { grace_period_seconds: 60 })).status).toBe(200);
        const path = `/crm/api-keys/${free.apiKeyId}/rotation`;
        expectProblem(await app.ask('DELETE', path, { headers: holder.headers }), 422, 'api_keys.beyond_parent');
      }
      expect((await regenerate(holder, await asApiKey(app, RIGHTS, limits()))).status).toBe(200);
      expect((await regenerate(holder, holder)).status).toBe(200);
    },
  );

  it('201 inheriting the rate limit; 422 for a higher one, when made and when edited', async () => {
    const parent = await asApiKey(app, RIGHTS, { rate_limit: 50 });
    for (const [wanted, got] of [
      [{}, 50],
      [{ rate_limit: null }, 50],
      [{ rate_limit: 49 }, 49],
    ] as const) {
      const { apiKeyId } = await childOf(parent, wanted);
      const { body } = await app.ask('GET', `/crm/api-keys/${apiKeyId}`, { headers: parent.headers });
      expect(body.rate_limit).toBe(got);
    }
    const body = { name: 'Faster', permissions: RIGHTS, rate_limit: 51 };
    const refused = await app.ask('POST', '/crm/api-keys', { headers: parent.headers, body });
    expectProblem(refused, 422, 'api_keys.beyond_parent');
    const child = await childOf(parent);
    for (const limit of [51, null]) {
      expectProblem(await edit(parent, child, { rate_limit: limit }), 422, 'api_keys.beyond_parent');
    }
    expect((await edit(parent, child, { rate_limit: 40 })).status).toBe(200);
  });

  it('403 when a key edits, regenerates, cancels or revokes what made it, recorded; its sibling it may', async () => {
    const first = await asApiKey(app, RIGHTS);
    const second = await childOf(first);
    const third = await childOf(second);
    for (const above of [first, second]) {
      const path = `/crm/api-keys/${above.apiKeyId}`;
      for (const answer of [
        await edit(third, above, { rate_limit: null, protected: true }),
        await regenerate(third, above),
        await app.ask('DELETE', path, { headers: third.headers }),
      ]) {
        expectProblem(answer, 403, 'api_keys.ancestor');
      }
      const [recorded] = await recordsOf(app, 'authz_fail');
      expect(recorded).toMatchObject({ actorId: third.apiKeyId, subjectId: above.apiKeyId });
      expect(await works(above)).toBe(true);
    }
    await regenerate(first, second, { grace_period_seconds: 60 });
    const cancel = { headers: third.headers };
    expectProblem(
      await app.ask('DELETE', `/crm/api-keys/${second.apiKeyId}/rotation`, cancel),
      403,
      'api_keys.ancestor',
    );
    expect((await edit(third, await childOf(first), { description: 'of a sibling' })).status).toBe(200);
  });

  it('200 reporting the leak of what made it: the value is proof enough', async () => {
    const parent = await asApiKey(app, RIGHTS);
    const child = await childOf(parent);
    const answer = await app.ask('POST', '/crm/api-keys/leaked', {
      headers: child.headers,
      body: { tokens: [parent.key] },
    });
    expect(answer.body.results[0]).toMatchObject({ known: true, revoked: true });
    expect(await works(parent)).toBe(false);
  });

  it('422 for a key of the ninth generation; the eighth works, bound to all above it', async () => {
    let last = await asApiKey(app, RIGHTS);
    for (let generation = 2; generation <= 8; generation += 1) last = await childOf(last, { bound_to_creator: true });
    expect(await works(last)).toBe(true);
    const body = { name: 'Ninth', permissions: ['view_customer'] };
    expectProblem(await app.ask('POST', '/crm/api-keys', { headers: last.headers, body }), 422, 'api_keys.too_deep');
  });
});
