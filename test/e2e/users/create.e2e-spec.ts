import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { asAdmin, asApiKey, type Credentials, login } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

const PASSWORD = 'correct horse battery';

describe('POST /crm/users', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const create = (body: unknown, headers = admin) => app.ask('POST', '/crm/users', { headers, body });
  const person = (email: string, more: object = {}) => ({ email, name: 'Ada', password: PASSWORD, ...more });
  const total = async () =>
    (await app.ask('GET', '/crm/users?limit=1&count=true', { headers: admin })).body.page.total as number;

  const route = { method: 'POST', path: '/crm/users', body: person('nobody@example.com') };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'create_user', [route]);
  itIsAudited(() => app, {
    event: 'user.created',
    subjectType: 'user',
    subjectId: (answer) => answer.body.user_id as number,
    act: () => create(person('audited@example.com', { roles: ['Finance'] })),
    before: null,
    after: { email: 'audited@example.com', name: 'Ada', status: 'active', roles: ['Finance'], customer_ids: [] },
    secrets: [PASSWORD, 'argon2', 'digest'],
  });

  it('201 with what was said, without the password, and able to log in', async () => {
    const { customer_id: customerId } = await aCustomer(app);
    const body = person('Ada@Example.com', { roles: ['support', 'Finance'], customer_ids: [customerId] });
    const answer = await create(body);
    expect(answer.status).toBe(201);
    expect(answer.headers.etag).toBe('"1"');
    expect(answer.body).toEqual({
      user_id: answer.body.user_id,
      email: 'Ada@Example.com',
      name: 'Ada',
      status: 'active',
      roles: ['Support', 'Finance'],
      customer_ids: [customerId],
      two_factor_enabled: false,
      last_login_at: null,
      created: app.clock.instant(),
      updated: app.clock.instant(),
    });
    const read = await app.ask('GET', `/crm/users/${answer.body.user_id}`, { headers: admin });
    expect([read.body, read.headers.etag]).toEqual([answer.body, '"1"']);
    await login(app, 'ADA@example.com', PASSWORD);
  });

  it('201 giving a role once that was named in two spellings', async () => {
    const answer = await create(person('twice@example.com', { roles: ['SUPPORT', 'Support', 'ｓupport'] }));
    expect([answer.status, answer.body.roles]).toEqual([201, ['Support']]);
  });

  it('201 for somebody who may create without seeing, with nothing to give', async () => {
    const { headers } = await asApiKey(app, ['create_user']);
    expect((await create(person('blind@example.com'), headers)).status).toBe(201);
  });

  it.each(['bob@example.com', 'BOB@EXAMPLE.COM', '  bob@example.com ', 'ｂob@example.com', 'bob@example.com\u00a0'])(
    '409 for %j when the address is taken in another spelling',
    async (email) => {
      if (email === 'bob@example.com') await create(person('Bob@example.com'));
      const before = [await total(), await countRecords(app)];
      expectProblem(await create(person(email)), 409, 'users.email_taken');
      expect([await total(), await countRecords(app)]).toEqual(before);
    },
  );

  it.each(['bоb@example.com', 'bob@example.co', 'bob+1@example.com', 'b.ob@example.com', 'böb@example.com'])(
    '201 for %j, which only looks alike',
    async (email) => {
      expect((await create(person(email))).status).toBe(201);
    },
  );

  it('409 for all but one when many take an address at once', async () => {
    const answers = await Promise.all(
      ['race@example.com', 'RACE@example.com', 'Race@Example.com', ' race@example.com'].map((email) =>
        create(person(email)),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
  });

  it('400 listing everything that is wrong at once', async () => {
    const wrong = { email: 'x', name: ' ', password: 'too short', roles: 'Admin', customer_ids: ['1'] };
    const unknown = { status: 'active', user_id: 1, password_digest: 'x', two_factor_enabled: true };
    const answer = await create({ ...wrong, ...unknown });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer).toSorted()).toEqual(
      Object.keys({ ...wrong, ...unknown })
        .map((name) => `/${name}`)
        .toSorted(),
    );
    expect(answer.text).not.toContain('too short');
  });

  it.each([
    ['/password', { password: 'x'.repeat(129) }],
    ['/password', { password: 'x'.repeat(1_000_000) }],
    ['/password', { password: null }],
    ['/password', { password: { password: 1 } }],
    ['/email', { email: { email: 1 } }],
    ['/email', { email: `${'x'.repeat(250)}@example.com` }],
    ['/email', { email: 'a@b' }],
    ['/email', { email: 'a b@example.com' }],
    ['/email', { email: 'a@example.com\r\nBcc: b@example.com' }],
    ['/name', { name: 'x'.repeat(10_000) }],
    ['/roles/0', { roles: ['Emperor'] }],
    ['/roles/1', { roles: ['Support', '__proto__'] }],
    ['/roles', { roles: [1] }],
    ['/roles', { roles: ['Support', 'Support'] }],
    ['/roles', { roles: null }],
    ['/customer_ids/0', { customer_ids: [999_999] }],
    ['/customer_ids/0', { customer_ids: [9_007_199_254_740_991] }],
    ['/customer_ids', { customer_ids: [0] }],
    ['/customer_ids', { customer_ids: [1.5] }],
    ['/customer_ids', { customer_ids: [1, 1] }],
    ['/customer_ids', { customer_ids: Array.from({ length: 1_001 }, (_, index) => index + 1) }],
  ])('400 naming %s, and nothing is made (%#)', async (pointer, wrong) => {
    const before = await total();
    const answer = await create(person('wrong@example.com', wrong));
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual([pointer]);
    expect(await total()).toBe(before);
  });
});
