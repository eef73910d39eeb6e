import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, type Credentials, login } from '../../support/principals.js';
import { recordsOfRequest } from '../../support/records.js';

/** Whatever is tried, and however much of it at once, one active administrator stays. */
describe('users: the last administrator', () => {
  let app: TestApp;
  let key: Credentials;
  let first: number;

  beforeAll(async () => {
    app = await TestApp.start();
    // A key with the same right is no person: it does not count.
    key = (await asApiKey(app, ['admin'])).headers;
    first = (await administrators())[0] ?? 0;
  });
  afterAll(() => app.close());

  const patch = (id: number, body: object, headers = key) => app.ask('PATCH', `/crm/users/${id}`, { headers, body });
  const demote = (id: number, headers = key) =>
    app.ask('PUT', `/crm/users/${id}/roles`, { headers, body: { roles: ['Support'] } });
  const deactivate = (id: number, headers = key) => patch(id, { status: 'deactivated' }, headers);

  async function administrators(): Promise<number[]> {
    const answer = await app.ask('GET', '/crm/users?limit=100&status=active', { headers: key });
    const rows = answer.body.data as { user_id: number; roles: string[] }[];
    return rows.filter(({ roles }) => roles.includes('Admin')).map((row) => row.user_id);
  }

  /** Back to the first one alone; sessions of the moment of a deactivation are over. */
  afterEach(async () => {
    app.clock.advance(1_000);
    await patch(first, { status: 'active' });
    await app.ask('PUT', `/crm/users/${first}/roles`, { headers: key, body: { roles: ['Admin'] } });
    for (const id of await administrators()) if (id !== first) await demote(id);
    expect(await administrators()).toEqual([first]);
  });

  it('409 when the only one is deactivated or demoted', async () => {
    for (const answer of [await deactivate(first), await demote(first)]) {
      expectProblem(answer, 409, 'users.last_administrator');
      expect(await recordsOfRequest(app, answer)).toEqual([]);
    }
  });

  it('409 when the other one is deactivated already, 200 when it is active', async () => {
    const { user_id: second } = await aUser(app, { roles: ['Admin'] });
    expect((await deactivate(second)).status).toBe(200);
    expectProblem(await deactivate(first), 409, 'users.last_administrator');
    await patch(second, { status: 'active' });
    expect((await deactivate(first)).status).toBe(200);
  });

  it('200 keeping the role among others, and demoting one who is deactivated', async () => {
    const body = { roles: ['Support', 'Admin'] };
    expect((await app.ask('PUT', `/crm/users/${first}/roles`, { headers: key, body })).status).toBe(200);
    const { user_id: second } = await aUser(app, { roles: ['Admin'] });
    await deactivate(second);
    expect((await demote(second)).status).toBe(200);
  });

  it('409 when one deactivates oneself, however many others there are', async () => {
    await aUser(app, { roles: ['Admin'] });
    expectProblem(await deactivate(first, await asAdmin(app)), 409, 'users.self_deactivation');
  });

  it.each([
    ['deactivated', deactivate],
    ['demoted', demote],
  ])('409 for one of two who are %s at once', async (_, work) => {
    const { user_id: second } = await aUser(app, { roles: ['Admin'] });
    const statuses = (await Promise.all([work(first), work(second)])).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409]);
    expect(await administrators()).toHaveLength(1);
  });

  it('409 for one when one is demoted while the other is deactivated', async () => {
    const others = await Promise.all([1, 2, 3].map(() => aUser(app, { roles: ['Admin'] })));
    const ids = [first, ...others.map((user) => user.user_id)];
    const answers = await Promise.all(ids.map((id, index) => (index % 2 === 0 ? demote(id) : deactivate(id))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 409]);
    expect(await administrators()).toHaveLength(1);
  });

  it('never leaves nobody when two deactivate each other', async () => {
    const second = await aUser(app, { roles: ['Admin'], password: 'a long enough password' });
    const theirs = (await login(app, second.email, 'a long enough password')).headers;
    const answers = await Promise.all([deactivate(second.user_id, await asAdmin(app)), deactivate(first, theirs)]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await administrators()).toHaveLength(1);
  });
});
