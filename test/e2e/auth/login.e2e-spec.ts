import { argon2id, hash } from 'argon2';
import { Database } from '../../../src/platform/database/database.js';
import { PasswordHasher } from '../../../src/platform/secrets/password-hasher.js';
import { UsersRepository } from '../../../src/users/users.repository.js';
import { ADMIN, type Answer, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asUser } from '../../support/principals.js';

describe('POST /crm/auth/login', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const login = (email: unknown, password: unknown): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email, password } });

  it('200 with token, refresh token, user, roles and permissions, and nothing else', async () => {
    const answer = await login(ADMIN.email, ADMIN.password);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      token: expect.stringMatching(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.any(String),
      user: { id: 1, email: ADMIN.email, name: expect.any(String) },
      roles: ['Admin'],
      permissions: ['admin'],
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('200 with the union of the rights of all roles', async () => {
    const { email, password } = await asUser(app, ['Customer', 'Finance']);
    const { body } = await login(email, password);
    expect(body.roles.toSorted()).toEqual(['Customer', 'Finance']);
    expect(body.permissions).toEqual(expect.arrayContaining(['view_own_customer', 'refund_payment']));
    expect(new Set(body.permissions).size).toBe(body.permissions.length);
  });

  it.each(['ADMIN@example.com', '  admin@example.com\t', 'Admin@EXAMPLE.Com', 'ａdmin@example.com'])(
    '200 for the same account in another spelling: %j',
    async (email) => {
      const answer = await login(email, ADMIN.password);
      expect(answer.status).toBe(200);
      expect(answer.body.user.email).toBe(ADMIN.email);
    },
  );

  it.each([
    'ádmin@example.com',
    'аdmin@example.com',
    'admin@example.com%',
    'admin@example.co_',
    'admin@example.com\u200b',
  ])('401 for an e-mail that only looks like one: %j', async (email) => {
    expectProblem(await login(email, ADMIN.password), 401, 'auth.invalid_credentials');
  });

  it('401 with one and the same body for an unknown e-mail, a wrong password and a deactivated user', async () => {
    const gone = await asUser(app, []);
    const headers = await asAdmin(app);
    await app.ask('PATCH', `/crm/users/${gone.userId}`, { headers, body: { status: 'deactivated' } });
    const answers = [
      await login('nobody@example.com', ADMIN.password),
      await login(ADMIN.email, `${ADMIN.password}!`),
      await login(gone.email, gone.password),
    ];
    const bodies = answers.map((answer) => {
      const { request_id: _, ...body } = expectProblem(answer, 401, 'auth.invalid_credentials');
      return body;
    });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  it('401 for an unknown e-mail costs the same hash as for a known one', async () => {
    const verify = jest.spyOn(app.get(PasswordHasher), 'verify');
    await login('nobody@example.com', 'whatever it is');
    await login(ADMIN.email, 'whatever it is');
    expect(verify.mock.calls).toEqual([
      [null, 'whatever it is'],
      [expect.stringMatching(/^\$argon2id\$v=19\$m=19456,/), 'whatever it is'],
    ]);
  });

  it('401 for a password that is equal in its first 72 bytes only', async () => {
    const headers = await asAdmin(app);
    const password = `${'p'.repeat(72)} and this`;
    const body = { email: 'long@example.com', name: 'Long', password, roles: [] };
    expect((await app.ask('POST', '/crm/users', { headers, body })).status).toBe(201);
    expectProblem(await login('long@example.com', `${'p'.repeat(72)} and that`), 401);
    expect((await login('long@example.com', password)).status).toBe(200);
  });

  it('200 renews a digest that was made with weaker parameters', async () => {
    const { userId, email, password } = await asUser(app, []);
    const weak = await hash(password, { type: argon2id, memoryCost: 4_096, timeCost: 2, parallelism: 1 });
    const users = app.get(UsersRepository);
    await app.get(Database).transaction(() => users.update(userId, { passwordDigest: weak }));
    expect((await login(email, password)).status).toBe(200);
    const renewed = (await users.find(userId))?.user.passwordDigest ?? '';
    expect(app.get(PasswordHasher).isOutdated(weak)).toBe(true);
    expect(app.get(PasswordHasher).isOutdated(renewed)).toBe(false);
    expect((await login(email, password)).status).toBe(200);
  });

  it('401 for the password with blanks around it: it is taken to the letter', async () => {
    expectProblem(await login(ADMIN.email, ` ${ADMIN.password} `), 401);
  });

  it.each([
    ['an object', { email: { email: 1 }, password: { password: 1 } }],
    ['a list', { email: [ADMIN.email], password: [ADMIN.password] }],
    ['a number', { email: 1, password: 2 }],
    ['null', { email: null, password: null }],
    ['true', { email: true, password: true }],
    ['nothing', {}],
    ['an empty text', { email: '', password: '' }],
    ['half a surrogate pair', { email: 'a\ud800@example.com', password: 'p\udfff' }],
    ['NUL', { email: 'admin@example.com\0', password: 'p\0' }],
    ['a text that is too long', { email: `${'a'.repeat(255)}@x.yz`, password: 'p'.repeat(129) }],
  ])('400 when a value is %s', async (_what, body) => {
    const answer = await app.ask('POST', '/crm/auth/login', { body });
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer).toSorted()).toEqual(['/email', '/password']);
  });

  it('400 naming a field that nobody knows', async () => {
    const body = { ...ADMIN, remember_me: true, role: 'Admin' };
    const answer = await app.ask('POST', '/crm/auth/login', { body });
    expectProblem(answer, 400);
    expect(pointers(answer)).toEqual(['/remember_me', '/role']);
  });

  it('400 for a password of 1 MB, before anything is hashed', async () => {
    const verify = jest.spyOn(app.get(PasswordHasher), 'verify');
    expectProblem(await login(ADMIN.email, 'p'.repeat(1_000_000)), 400);
    expectProblem(await login(ADMIN.email, 'p'.repeat(2_000_000)), 413);
    expect(verify).not.toHaveBeenCalled();
  });

  it.each([
    ['a bad token', { authorization: 'Bearer nonsense' }],
    ['an empty key', { 'x-api-key': '' }],
    ['two credentials', { authorization: 'Bearer nonsense', 'x-api-key': 'more nonsense' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a forwarding header', { 'x-forwarded-for': '10.0.0.1' }],
  ])('200 whatever else is presented: %s', async (_what, headers) => {
    const answer = await app.ask('POST', '/crm/auth/login', { body: ADMIN, headers });
    expect(answer.status).toBe(200);
  });
});

describe('the audit log of logins', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
  });
  afterAll(() => app.close());

  const login = (email: string, password: string, from?: string): Promise<Answer> =>
    app.ask('POST', '/crm/auth/login', { body: { email, password }, ...(from ? { from } : {}) });

  it('200 is recorded with the user and the address it came from', async () => {
    const answer = await login(ADMIN.email, ADMIN.password, '127.0.0.9');
    const [record] = await recordsOf(app, 'authn_login_success');
    expect(record).toMatchObject({
      actorKind: 'user',
      actorId: 1,
      address: '127.0.0.9',
      requestId: answer.headers['x-request-id'],
      subjectType: 'user',
      subjectId: 1,
    });
  });

  it('401 is recorded with the account, and without what was typed', async () => {
    const answer = await login(ADMIN.email, 'swordfish-1', '127.0.0.8');
    await login('my password by mistake', 'swordfish-2', '127.0.0.7');
    const [unknown, known] = await recordsOf(app, 'authn_login_fail');
    expect(known).toMatchObject({
      actorKind: 'system',
      subjectType: 'user',
      subjectId: 1,
      address: '127.0.0.8',
      requestId: answer.headers['x-request-id'],
    });
    expect(unknown).toMatchObject({ subjectType: null, subjectId: null, address: '127.0.0.7' });
    expect(JSON.stringify([unknown, known])).not.toMatch(/swordfish|by mistake/);
  });
});
