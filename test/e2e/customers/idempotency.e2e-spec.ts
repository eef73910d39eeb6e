import { DAY } from '../../../src/common/clock.js';
import { Database } from '../../../src/platform/database/database.js';
import { IdempotencyJobs } from '../../../src/platform/idempotency/idempotency.jobs.js';
import { IdempotencyKeyRow } from '../../../src/platform/idempotency/idempotency-key.entity.js';
import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, type Credentials } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

let counter = 0;

describe('Idempotency-Key', () => {
  let app: TestApp;
  /** Keys do not expire when the clock is moved. */
  let key: Credentials;
  let other: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    const permissions = ['admin'];
    key = (await asApiKey(app, permissions)).headers;
    other = (await asApiKey(app, permissions)).headers;
  });
  afterAll(() => app.close());

  const fresh = () => `retry-${(counter += 1)}`;
  const post = (idempotencyKey: string | string[], body: unknown, headers = key, path = '/crm/customers') =>
    app.ask('POST', path, { headers: { ...headers, 'idempotency-key': idempotencyKey }, body });
  const total = async () =>
    (await app.ask('GET', '/crm/customers?limit=1&count=true', { headers: key })).body.page.total as number;
  const isReplay = (answer: Answer) => answer.headers['idempotency-replayed'] === 'true';

  it('201 again with the first answer, to the letter, and one row', async () => {
    const name = fresh();
    const before = await total();
    const first = await post(name, { customer_name: 'Once', address: { city: 'Bonn' } });
    app.clock.advance(60_000);
    await app.ask('PATCH', `/crm/customers/${first.body.customer_id}`, { headers: key, body: { phone: '1' } });
    const again = await post(name, { customer_name: 'Once', address: { city: 'Bonn' } });
    expect([first.status, isReplay(first)]).toEqual([201, false]);
    expect([again.status, isReplay(again), again.text, again.headers.etag]).toEqual([201, true, first.text, '"1"']);
    expect(await total()).toBe(before + 1);
    expect(await recordsOfRequest(app, first)).toHaveLength(1);
    expect(await recordsOfRequest(app, again)).toEqual([]);
  });

  it('201 again even when the row is deleted meanwhile: the answer is what was answered', async () => {
    const name = fresh();
    const first = await post(name, { customer_name: 'Gone' });
    await app.ask('DELETE', `/crm/customers/${first.body.customer_id}`, { headers: key });
    expect((await post(name, { customer_name: 'Gone' })).text).toBe(first.text);
  });

  it('422 with another body, and nothing is made', async () => {
    const name = fresh();
    await post(name, { customer_name: 'This' });
    const before = await total();
    expectProblem(await post(name, { customer_name: 'That' }), 422, 'idempotency.key_reused');
    expectProblem(await post(name, { customer_name: 'This', phone: null }), 422, 'idempotency.key_reused');
    expect(await total()).toBe(before);
  });

  it('422 with the same body at another route', async () => {
    const name = fresh();
    await post(name, { customer_name: 'This' });
    const body = { email: 'idempotent@example.com', name: 'I', password: 'a long enough password' };
    expectProblem(await post(name, body, key, '/crm/users'), 422, 'idempotency.key_reused');
  });

  it('201 anew for another principal: keys are one’s own', async () => {
    const name = fresh();
    const mine = await post(name, { customer_name: 'Mine' });
    const theirs = await post(name, { customer_name: 'Mine' }, other);
    const admin = await post(name, { customer_name: 'Mine' }, await asAdmin(app));
    const ids = [mine, theirs, admin].map((answer) => answer.body.customer_id as number);
    expect(new Set(ids).size).toBe(3);
    expect([mine, theirs, admin].map(isReplay)).toEqual([false, false, false]);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(256), 'é', 'a\tb', ['a', 'b']])('400 for the key %j', async (name) => {
    const answer = await post(name, { customer_name: 'Never' });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(['/Idempotency-Key']);
  });

  it.each(['x'.repeat(255), "';DROP/**/TABLE/**/customers;--", '%_\\"'])(
    '201 and replayed for the key %j',
    async (name) => {
      const answers = [await post(name, { customer_name: 'Odd' }), await post(name, { customer_name: 'Odd' })];
      expect(answers.map((answer) => [answer.status, isReplay(answer)])).toEqual([
        [201, false],
        [201, true],
      ]);
    },
  );

  it('201 for keys that differ in letter case alone', async () => {
    const name = fresh();
    await post(name, { customer_name: 'Lower' });
    expect(isReplay(await post(name.toUpperCase(), { customer_name: 'Lower' }))).toBe(false);
  });

  it('201 anew once 24 hours have passed, and not a moment before', async () => {
    const name = fresh();
    const first = await post(name, { customer_name: 'Daily' });
    app.clock.advance(DAY);
    expect(isReplay(await post(name, { customer_name: 'Daily' }))).toBe(true);
    app.clock.advance(1);
    const next = await post(name, { customer_name: 'Another body by now' });
    expect([next.status, isReplay(next)]).toEqual([201, false]);
    expect(next.body.customer_id).not.toBe(first.body.customer_id);
    expect(isReplay(await post(name, { customer_name: 'Another body by now' }))).toBe(true);
  });

  it('removes what is older than 24 hours, and only that', async () => {
    await post(fresh(), { customer_name: 'Old' });
    app.clock.advance(DAY + 1);
    const name = fresh();
    await post(name, { customer_name: 'New' });
    await app.get(IdempotencyJobs).removeOver();
    const rows = await app.get(Database).repository(IdempotencyKeyRow).find();
    expect(rows.map((row) => row.idempotencyKey)).toEqual([name]);
  });

  it('201 after a refusal: what failed is not remembered', async () => {
    const name = fresh();
    expectProblem(await post(name, { customer_name: '' }), 400);
    expectProblem(await post(name, { customer_name: 'x' }, {}), 401);
    const { headers } = await asApiKey(app, ['view_customer']);
    expectProblem(await post(name, { customer_name: 'x' }, headers), 403);
    const answer = await post(name, { customer_name: 'Right at last' });
    expect([answer.status, isReplay(answer)]).toEqual([201, false]);
  });

  it('400 for a body that nests too deep to be written down', async () => {
    const name = fresh();
    const deep = `{"customer_name":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
    expectProblem(await post(name, deep), 400, 'request.invalid');
    expect((await post(name, { customer_name: 'Flat' })).status).toBe(201);
  });

  it('201 after a clash: the name that was taken does not take the key along', async () => {
    const name = fresh();
    const body = { email: 'Admin@Example.com', name: 'Double', password: 'a long enough password' };
    expectProblem(await post(name, body, key, '/crm/users'), 409, 'users.email_taken');
    const free = { ...body, email: 'free@example.com' };
    const answer = await post(name, free, key, '/crm/users');
    expect([answer.status, isReplay(answer)]).toEqual([201, false]);
  });

  it('201 for all of many at once with one key: one made it, one row, one record', async () => {
    const name = fresh();
    const before = await total();
    const answers = await Promise.all(Array.from({ length: 12 }, () => post(name, { customer_name: 'Race' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(12).fill(201));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(await total()).toBe(before + 1);
    const records = await Promise.all(answers.map((answer) => recordsOfRequest(app, answer)));
    expect(records.flat()).toHaveLength(1);
  });

  it('201 for all of many at once with one key that is a day old: one made it anew', async () => {
    const name = fresh();
    await post(name, { customer_name: 'Yesterday' });
    app.clock.advance(DAY + 1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => post(name, { customer_name: 'Today' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201));
    expect(answers.filter((answer) => !isReplay(answer))).toHaveLength(1);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
  });

  it('201 for each of many at once with keys of their own', async () => {
    const before = await total();
    const answers = await Promise.all(Array.from({ length: 40 }, () => post(fresh(), { customer_name: 'Crowd' })));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(201));
    expect(new Set(answers.map(({ body }) => body.customer_id as number)).size).toBe(40);
    expect(await total()).toBe(before + 40);
  });

  it('201 again without the secret that was shown once, which is kept nowhere', async () => {
    const name = fresh();
    const body = { name: 'Shown once', permissions: ['view_customer'] };
    const first = await post(name, body, key, '/crm/api-keys');
    const again = await post(name, body, key, '/crm/api-keys');
    const secret = first.body.api_key as string;
    expect(secret).toEqual(expect.any(String));
    expect([again.status, isReplay(again)]).toEqual([201, true]);
    expect(again.text).not.toContain(secret);
    expect(again.body.api_key_id).toBe(first.body.api_key_id);
    const rows = await app.get(Database).repository(IdempotencyKeyRow).find();
    expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('403 for who may create no longer, whatever was answered before', async () => {
    const holder = await asApiKey(app, ['create_customer', 'view_customer']);
    const name = fresh();
    await post(name, { customer_name: 'Then' }, holder.headers);
    const change = { permissions: ['view_customer'] };
    await app.ask('PATCH', `/crm/api-keys/${holder.apiKeyId}`, { headers: key, body: change });
    expectProblem(await post(name, { customer_name: 'Then' }, holder.headers), 403, 'rbac.missing_permission');
  });
});
