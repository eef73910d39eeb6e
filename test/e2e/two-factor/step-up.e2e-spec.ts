import { type Answer, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { asApiKey, asUser, type Credentials, type UserHolder } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';
import { type Enrolled, enrol, nextCode, wrongCode } from '../../support/two-factor.js';

interface Step {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** What hands out rights asks who has two-factor for a fresh code; everybody else, and everything else, goes on as ever. */
describe('step-up', () => {
  let app: TestApp;
  let user: UserHolder;
  let enrolled: Enrolled;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    user = await asUser(app, ['Admin']);
    enrolled = await enrol(app, user);
  });

  const fresh = (): string => `A name ${(counter += 1)}`;
  const roleId = async (): Promise<number> => {
    const name = await aRole(app, ['view_user']);
    const { headers } = await asApiKey(app, ['admin']);
    const { body } = await app.ask('GET', '/crm/roles?limit=100&sort=-role_id', { headers });
    return body.data.find((role: { name: string }) => role.name === name).role_id as number;
  };
  const keyWith = async (permissions: string[]): Promise<string> =>
    `/crm/api-keys/${(await asApiKey(app, permissions)).apiKeyId}`;

  const STEPS: Record<string, () => Promise<Omit<Step, 'name'>>> = {
    'creating a role': () =>
      Promise.resolve({ method: 'POST', path: '/crm/roles', body: { name: fresh(), permissions: ['view_user'] } }),
    'editing a role': async () => ({
      method: 'PATCH',
      path: `/crm/roles/${await roleId()}`,
      body: { permissions: ['view_role'] },
    }),
    'deleting a role': async () => ({ method: 'DELETE', path: `/crm/roles/${await roleId()}` }),
    'assigning roles': async () => {
      const { userId } = await asUser(app, []);
      return { method: 'PUT', path: `/crm/users/${userId}/roles`, body: { roles: ['Support'] } };
    },
    'creating a user with roles': () => {
      const body = { email: `new${fresh().replaceAll(' ', '')}@example.com`, name: 'New', password: fresh().repeat(3) };
      return Promise.resolve({ method: 'POST', path: '/crm/users', body: { ...body, roles: ['Admin'] } });
    },
    'creating an admin key': () =>
      Promise.resolve({ method: 'POST', path: '/crm/api-keys', body: { name: fresh(), permissions: ['admin'] } }),
    'creating an admin key by its role': () =>
      Promise.resolve({ method: 'POST', path: '/crm/api-keys', body: { name: fresh(), roles: ['Admin'] } }),
    'giving a key admin': async () => ({
      method: 'PATCH',
      path: await keyWith(['view_user']),
      body: { permissions: ['view_user', 'admin'] },
    }),
    'regenerating an admin key': async () => ({
      method: 'POST',
      path: `${await keyWith(['admin'])}/regenerate`,
      body: {},
    }),
    'resetting another’s two-factor': async () => {
      const other = await asUser(app, ['Support']);
      await enrol(app, other);
      return { method: 'POST', path: `/crm/2fa/reset/user/${other.userId}` };
    },
  };
  const NAMES = Object.keys(STEPS);
  const stepOf = async (name: string): Promise<Step> => {
    const step = await STEPS[name]?.();
    if (!step) throw new Error(name);
    return { name, ...step };
  };
  const ask = ({ method, path, body }: Step, code?: string, headers: Credentials = user.headers): Promise<Answer> => {
    const sent = code === undefined ? headers : { ...headers, 'x-two-factor-code': code };
    return app.ask(method, path, { headers: sent, body });
  };
  const REQUIRED = 'auth.step_up_required';

  it.each(NAMES)('403 without a fresh code, and nothing happens; 2xx with one: %s', async (name) => {
    const step = await stepOf(name);
    const before = await countRecords(app);
    expectProblem(await ask(step), 403, REQUIRED);
    expectProblem(await ask(step, ''), 403, REQUIRED);
    expect(await countRecords(app)).toBe(before);
    const wrong = await ask(step, wrongCode(app, enrolled.secret));
    expectProblem(wrong, 403, REQUIRED);
    const records = await recordsOfRequest(app, wrong);
    expect(records.map(({ event, after }) => [event, after])).toEqual([['authn_2fa_fail', { purpose: 'step_up' }]]);
    const code = nextCode(app, enrolled.secret);
    expect((await ask(step, code)).status).toBeLessThan(300);
    expectProblem(await ask(await stepOf(name), code), 403, REQUIRED);
  });

  it.each(NAMES)('2xx without a code for somebody who has no two-factor: %s', async (name) => {
    const { headers } = await asUser(app, ['Admin']);
    expect((await ask(await stepOf(name), undefined, headers)).status).toBeLessThan(300);
  });

  it.each(NAMES.filter((name) => !name.includes('two-factor')))('2xx without a code for a key: %s', async (name) => {
    const { headers } = await asApiKey(app, ['admin']);
    expect((await ask(await stepOf(name), undefined, headers)).status).toBeLessThan(300);
  });

  it('403 for the code of somebody else, whatever rights they have', async () => {
    const other = await asUser(app, ['Admin']);
    const theirs = await enrol(app, other);
    const step = await stepOf('creating a role');
    for (const code of [nextCode(app, theirs.secret), theirs.backupCodes[0]]) {
      expectProblem(await ask(step, code), 403, REQUIRED);
    }
  });

  it('201 by a backup code, once', async () => {
    const [code] = enrolled.backupCodes;
    expect((await ask(await stepOf('creating a role'), code)).status).toBe(201);
    expectProblem(await ask(await stepOf('creating a role'), code), 403, REQUIRED);
  });

  it('201 for exactly one of fifty roles at once with one code', async () => {
    const code = nextCode(app, enrolled.secret);
    const steps = await Promise.all(Array.from({ length: 50 }, () => stepOf('creating a role')));
    const answers = await Promise.all(steps.map((step) => ask(step, code)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array.from({ length: 49 }, () => 403)]);
  });

  it('gives the code back when the change is refused for another reason', async () => {
    const code = nextCode(app, enrolled.secret);
    const missing = { name: '', method: 'DELETE', path: '/crm/roles/2000000000' };
    expectProblem(await ask(missing, code), 404, 'rbac.role_not_found');
    expect((await ask(await stepOf('creating a role'), code)).status).toBe(201);
  });

  it('200 and 201 without a code for what hands out no administration', async () => {
    const { headers } = user;
    const plain = { name: fresh(), permissions: ['view_customer'] };
    const key = await app.ask('POST', '/crm/api-keys', { headers, body: plain });
    expect(key.status).toBe(201);
    const path = `/crm/api-keys/${key.body.api_key_id}`;
    expect((await app.ask('PATCH', path, { headers, body: { permissions: ['view_user'] } })).status).toBe(200);
    expect((await app.ask('POST', `${path}/regenerate`, { headers, body: {} })).status).toBe(200);
    const admin = await keyWith(['admin']);
    expect((await app.ask('PATCH', admin, { headers, body: { description: 'x' } })).status).toBe(200);
    expect((await app.ask('GET', '/crm/roles', { headers })).status).toBe(200);
    const body = { email: 'plain@example.com', name: 'Plain', password: 'a password of nobody', roles: [] };
    expect((await app.ask('POST', '/crm/users', { headers, body })).status).toBe(201);
  });

  it('403 naming the missing right, not the code, for somebody who may not at all', async () => {
    const support = await asUser(app, ['Support']);
    await enrol(app, support);
    expectProblem(
      await ask(await stepOf('creating a role'), undefined, support.headers),
      403,
      'rbac.missing_permission',
    );
  });
});
