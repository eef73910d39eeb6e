import { DAY, HOUR, SECOND } from '../../../src/common/clock.js';
import { RotationService } from '../../../src/api-keys/rotation/rotation.service.js';
import { TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asApiKey, type Credentials, type KeyHolder } from '../../support/principals.js';

describe('regenerating an API key', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    // A key, because a token would not live through the days that the clock is moved here.
    ({ headers: admin } = await asApiKey(app, ['admin']));
  });
  afterAll(() => app.close());

  const makeKey = async (more: object = {}): Promise<KeyHolder> => {
    const body = { name: 'Rotated', permissions: ['view_customer'], ...more };
    const { api_key_id: apiKeyId, api_key: key } = (await app.ask('POST', '/crm/api-keys', { headers: admin, body }))
      .body;
    return { apiKeyId, key, headers: { 'x-api-key': key } };
  };
  const regenerate = ({ apiKeyId }: KeyHolder, body?: object, headers = admin) =>
    app.ask('POST', `/crm/api-keys/${apiKeyId}/regenerate`, { headers, ...(body ? { body } : {}) });
  const rotation = ({ apiKeyId }: KeyHolder, method = 'GET') =>
    app.ask(method, `/crm/api-keys/${apiKeyId}/rotation`, { headers: admin });
  const use = async (key: string) => (await app.ask('GET', '/crm/customers', { headers: { 'x-api-key': key } })).status;

  it('200 with the new value once; the old one dies at once, everything else stays', async () => {
    const holder = await makeKey({ description: 'As it was', rate_limit: 7 });
    expect(await use(holder.key)).toBe(200);
    const before = (await app.ask('GET', `/crm/api-keys/${holder.apiKeyId}`, { headers: admin })).body;
    const answer = await regenerate(holder);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { api_key: fresh, previous_valid_until: until, ...rest } = answer.body;
    expect(until).toBeNull();
    expect(rest).toMatchObject({
      name: before.name,
      description: 'As it was',
      permissions: ['view_customer'],
      rate_limit: 7,
    });
    expect([await use(holder.key), await use(fresh)]).toEqual([401, 200]);
    const after = (await app.ask('GET', `/crm/api-keys/${holder.apiKeyId}`, { headers: admin })).body;
    expect(after.api_key).toBe(`sk_live_...${fresh.slice(-4)}`);
    expect(after.created).toBe(before.created);
  });

  it('200 with a grace period: both work until its end, then only the new one', async () => {
    const holder = await makeKey();
    const { api_key: fresh, previous_valid_until: until } = (await regenerate(holder, { grace_period_seconds: 3_600 }))
      .body;
    expect(until).toBe(app.clock.instant(HOUR));
    expect([await use(holder.key), await use(fresh)]).toEqual([200, 200]);
    app.clock.advance(HOUR - 1);
    expect([await use(holder.key), await use(fresh)]).toEqual([200, 200]);
    app.clock.advance(1);
    expect([await use(holder.key), await use(fresh)]).toEqual([401, 200]);
    expectProblem(await rotation(holder), 404, 'api_keys.no_rotation');
  });

  it('200 retiring the old value so many seconds after the first use of the new one', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { retire_seconds_after_first_use: 60 })).body;
    app.clock.advance(30 * DAY);
    expect(await use(holder.key)).toBe(200);
    expect(await use(fresh)).toBe(200);
    expect((await rotation(holder)).body.previous_valid_until).toBe(app.clock.instant(60 * SECOND));
    app.clock.advance(60 * SECOND);
    expect([await use(holder.key), await use(fresh)]).toEqual([401, 200]);
  });

  it('200 retiring at once when nothing is left between: zero seconds after the first use', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { retire_seconds_after_first_use: 0 })).body;
    expect(await use(holder.key)).toBe(200);
    expect([await use(fresh), await use(holder.key)]).toEqual([200, 401]);
  });

  it('200 with a deadline that ends the old value even if the new one was never used', async () => {
    const holder = await makeKey();
    const deadline = app.clock.instant(HOUR);
    await regenerate(holder, { retire_seconds_after_first_use: 60, deadline });
    app.clock.advance(HOUR);
    expect(await use(holder.key)).toBe(401);
  });

  it('200 reporting who still uses the old value, by address and route, and never the new one', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    const old = { 'x-api-key': holder.key };
    await app.ask('GET', '/crm/customers', { headers: old, from: '127.0.0.8' });
    await app.ask('GET', '/crm/customers?limit=5', { headers: old, from: '127.0.0.8' });
    await app.ask('GET', '/crm/auth/whoami', { headers: { authorization: `Bearer ${holder.key}` } });
    await use(fresh);
    const { body } = await rotation(holder);
    expect(body.new_value_first_used_at).toBe(app.clock.instant());
    expect(body.old_value_uses).toEqual([
      { address: '127.0.0.8', route: '/crm/customers', requests: 2, last_used_at: app.clock.instant() },
      { address: '127.0.0.1', route: '/crm/auth/whoami', requests: 1, last_used_at: app.clock.instant() },
    ]);
  });

  it('204 cancelling before the first use of the new value: the old one is the only one again', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    expect((await rotation(holder, 'DELETE')).status).toBe(204);
    expect([await use(holder.key), await use(fresh)]).toEqual([200, 401]);
    const after = (await app.ask('GET', `/crm/api-keys/${holder.apiKeyId}`, { headers: admin })).body;
    expect(after.api_key).toBe(`sk_live_...${holder.key.slice(-4)}`);
    expectProblem(await rotation(holder, 'DELETE'), 404, 'api_keys.no_rotation');
  });

  it('409 cancelling after the first use', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    await use(fresh);
    expectProblem(await rotation(holder, 'DELETE'), 409, 'api_keys.rotation_used');
    expect(await use(fresh)).toBe(200);
  });

  it('200 regenerating again ends the value before the last', async () => {
    const holder = await makeKey();
    const { api_key: second } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    const { api_key: third } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    expect([await use(holder.key), await use(second), await use(third)]).toEqual([401, 200, 200]);
  });

  it('204 revoking ends both values', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 3_600 })).body;
    expect([await use(holder.key), await use(fresh)]).toEqual([200, 200]);
    await app.ask('DELETE', `/crm/api-keys/${holder.apiKeyId}`, { headers: admin });
    expect([await use(holder.key), await use(fresh)]).toEqual([401, 401]);
  });

  it('409 for a protected, a revoked and an expired key; the last is told to extend first', async () => {
    const expired = await makeKey({ expiry_date: app.clock.instant(HOUR) });
    const held = await makeKey({ protected: true });
    const gone = await makeKey();
    await app.ask('DELETE', `/crm/api-keys/${gone.apiKeyId}`, { headers: admin });
    app.clock.advance(HOUR);
    expectProblem(await regenerate(held), 409, 'api_keys.protected');
    expectProblem(await regenerate(gone), 409, 'api_keys.revoked');
    expectProblem(await regenerate(expired), 409, 'api_keys.extend_first');
  });

  it('422 for a grace that outlives the key, 400 for what contradicts itself', async () => {
    const holder = await makeKey({ expiry_date: app.clock.instant(HOUR) });
    expectProblem(await regenerate(holder, { grace_period_seconds: 3_601 }), 422, 'api_keys.grace_too_long');
    expect(pointers(await regenerate(holder, { grace_period_seconds: -1 }))).toEqual(['/grace_period_seconds']);
    const both = { grace_period_seconds: 1, retire_seconds_after_first_use: 1 };
    expect(pointers(await regenerate(holder, both))).toEqual(['/retire_seconds_after_first_use']);
    const deadline = app.clock.instant(SECOND);
    expect(pointers(await regenerate(holder, { deadline }))).toEqual(['/deadline']);
    const past = { retire_seconds_after_first_use: 1, deadline: '2001-01-01' };
    expect(pointers(await regenerate(holder, past))).toEqual(['/deadline']);
    expect(await use(holder.key)).toBe(200);
  });

  it('403 for who lacks what the key holds: its value would be theirs', async () => {
    const holder = await makeKey({ permissions: ['admin'] });
    const { headers } = await asApiKey(app, ['manage_api_keys']);
    expectProblem(await regenerate(holder, undefined, headers), 403, 'rbac.cannot_grant');
    expect(await use(holder.key)).toBe(200);
  });

  it('403 cancelling for who lacks what the key holds: a leaked value would live for ever', async () => {
    const holder = await makeKey({ permissions: ['admin'] });
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 60 })).body;
    const { headers } = await asApiKey(app, ['manage_api_keys']);
    const path = `/crm/api-keys/${holder.apiKeyId}/rotation`;
    expectProblem(await app.ask('DELETE', path, { headers }), 403, 'rbac.cannot_grant');
    expect(await use(fresh)).toBe(200);
  });

  it('403 managing keys with a value that is being replaced; 412 for a key that changed meanwhile', async () => {
    const holder = await makeKey({ permissions: ['manage_api_keys', 'view_customer'] });
    await regenerate(holder, { grace_period_seconds: 60 });
    const { headers } = holder;
    const path = `/crm/api-keys/${holder.apiKeyId}`;
    const tries = [
      await regenerate(holder, undefined, headers),
      await app.ask('DELETE', `${path}/rotation`, { headers }),
      await app.ask('DELETE', path, { headers }),
      await app.ask('PATCH', path, { headers, body: { name: 'Mine' } }),
      await app.ask('POST', '/crm/api-keys', { headers, body: { name: 'Child', permissions: ['view_customer'] } }),
      await app.ask('POST', '/crm/api-keys/leaked', { headers, body: { tokens: ['x'] } }),
    ];
    for (const answer of tries) expectProblem(answer, 403, 'api_keys.outdated_value');
    const stale = await app.ask('POST', `${path}/regenerate`, { headers: { ...admin, 'if-match': '"999"' } });
    expectProblem(stale, 412);
  });

  it('401 for the old value once the key itself is expired, however long its grace', async () => {
    const holder = await makeKey();
    await regenerate(holder, { grace_period_seconds: 3_600 });
    const body = { expiry_date: app.clock.instant(60 * SECOND) };
    await app.ask('PATCH', `/crm/api-keys/${holder.apiKeyId}`, { headers: admin, body });
    expect(await use(holder.key)).toBe(200);
    app.clock.advance(60 * SECOND);
    expect(await use(holder.key)).toBe(401);
  });

  it('404 for a rotation of a key that is not, or not being rotated', async () => {
    expectProblem(await rotation({ apiKeyId: 999_999 } as KeyHolder), 404, 'api_keys.not_found');
    expectProblem(await rotation(await makeKey()), 404, 'api_keys.no_rotation');
  });

  it('records each step once, with what was agreed and without any value', async () => {
    const holder = await makeKey();
    const { api_key: fresh } = (await regenerate(holder, { grace_period_seconds: 60 })).body;
    await rotation(holder, 'DELETE');
    const query = `subject_type=api_key&subject_id=${holder.apiKeyId}&sort=audit_id`;
    const answer = await app.ask('GET', `/crm/audit-logs?${query}`, { headers: admin });
    const events = (answer.body.data as { event: string; after: object }[]).map(({ event }) => event);
    expect(events).toEqual(['api_key.created', 'api_key.regenerated', 'api_key.rotation_cancelled']);
    expect(answer.body.data[1].after).toMatchObject({ previous_valid_until: app.clock.instant(60 * SECOND) });
    expect(answer.text).not.toContain(fresh.slice(8, -4));
  });

  it('forgets rotations that are over', async () => {
    const holder = await makeKey();
    await regenerate(holder, { grace_period_seconds: 60 });
    app.clock.advance(HOUR);
    expect(await app.get(RotationService).removeOver()).toMatch(/^[1-9]\d* rotations ended$/);
    expect(await app.get(RotationService).removeOver()).toBe('0 rotations ended');
  });
});
