import { TestApp } from '../../support/app.js';
import { itIsAudited } from '../../support/contracts/audit.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords, recordsOfRequest } from '../../support/records.js';

describe('roles: create', () => {
  let app: TestApp;
  let admin: Credentials;
  let counter = 0;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const create = (body: unknown, headers: Credentials = admin) => app.ask('POST', '/crm/roles', { headers, body });
  const named = (more: object = {}) => ({ name: `Made ${(counter += 1)}`, permissions: ['view_customer'], ...more });

  const route = { method: 'POST', path: '/crm/roles', body: { name: 'x', permissions: ['view_role'] } };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'create_role', [route]);
  itIsAudited(() => app, {
    event: 'role.created',
    subjectType: 'role',
    act: () => create({ name: 'Audited', description: 'x', permissions: ['view_customer'] }),
    subjectId: (answer) => answer.body.role_id as number,
    before: null,
    after: { name: 'Audited', description: 'x', permissions: ['view_customer'] },
  });

  it('201 with the role, its version and nothing else; it can be read and assigned at once', async () => {
    const body = { name: ' Field service ', description: 'Out there', permissions: ['View_Customer', 'view_service'] };
    const made = await create(body);
    expect(made.status).toBe(201);
    expect(made.headers.etag).toBe('"1"');
    const now = app.clock.instant();
    expect(made.body).toEqual({
      role_id: made.body.role_id,
      name: 'Field service',
      description: 'Out there',
      permissions: ['view_customer', 'view_service'],
      built_in: false,
      created: now,
      updated: now,
    });
    const read = await app.ask('GET', `/crm/roles/${made.body.role_id}`, { headers: admin });
    expect(read.body).toEqual(made.body);
    const { headers } = await asUser(app, ['FIELD SERVICE']);
    expect((await app.ask('GET', '/crm/customers', { headers })).status).toBe(200);
    const found = await app.ask('GET', '/crm/roles?search=out', { headers: admin });
    expect(found.body.data).toEqual([made.body]);
  });

  it('201 once for one Idempotency-Key, and the same answer again', async () => {
    const headers = { ...admin, 'idempotency-key': 'role-1' };
    const body = named();
    const [first, second] = [await create(body, headers), await create(body, headers)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(second.headers).toMatchObject({ 'idempotency-replayed': 'true', etag: '"1"' });
    expectProblem(await create(named(), headers), 422, 'idempotency.key_reused');
  });

  it.each(['Support', 'support', ' SUPPORT ', 'Ｓupport'])(
    '409 when the name is taken, whatever its case: %j',
    async (name) => {
      const earlier = await countRecords(app);
      expectProblem(await create(named({ name })), 409, 'rbac.role_name_taken');
      expect(await countRecords(app)).toBe(earlier);
    },
  );

  it('201 for one of many at once with one name, 409 for the others', async () => {
    const body = named();
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(body)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(7).fill(409)]);
  });

  it('201 for a look-alike in another script, which is another name', async () => {
    expect((await create(named({ name: 'Ѕupport' }))).status).toBe(201);
  });

  it.each([
    ['a permission', { name: 'view_customer' }, ['/name']],
    ['a permission in capitals', { name: ' ADMIN' }, ['/name']],
    ['a blank name', { name: '   ' }, ['/name']],
    ['no name', { name: undefined }, ['/name']],
    ['65 characters', { name: 'x'.repeat(65) }, ['/name']],
    ['one letter that stands for 18', { name: '\ufdfa'.repeat(4) }, ['/name']],
    ['two lines', { name: 'a\nb' }, ['/name']],
    ['no permissions', { permissions: undefined }, ['/permissions']],
    ['an empty list', { permissions: [] }, ['/permissions']],
    ['null', { permissions: null }, ['/permissions']],
    ['a text', { permissions: 'view_customer' }, ['/permissions']],
    ['one twice', { permissions: ['view_customer', 'VIEW_CUSTOMER'] }, ['/permissions']],
    ['numbers', { permissions: [1] }, ['/permissions']],
    ['everything by a star', { permissions: ['*'] }, ['/permissions/0']],
    ['unknown ones', { permissions: ['fly', 'view_customer', '__proto__'] }, ['/permissions/0', '/permissions/2']],
    ['a role for a permission', { permissions: ['Support'] }, ['/permissions/0']],
    ['what the server sets', { role_id: 1, built_in: true, version: 9 }, ['/role_id', '/built_in', '/version']],
    ['a long description', { description: 'x'.repeat(501) }, ['/description']],
  ])('400 for %s', async (_, more, expected) => {
    const earlier = await countRecords(app);
    const answer = await create(named(more));
    expectProblem(answer, 400, 'request.invalid');
    expect(pointers(answer)).toEqual(expected);
    expect(await countRecords(app)).toBe(earlier);
  });

  it('400 naming the unknown permission', async () => {
    const { errors } = (await create(named({ permissions: ['fly'] }))).body;
    expect(errors[0].detail).toContain('fly');
  });

  it('403 naming what the giver lacks, and the attempt is recorded', async () => {
    const { headers } = await asApiKey(app, ['create_role', 'view_customer']);
    expect((await create(named(), headers)).status).toBe(201);
    const answer = await create(named({ permissions: ['view_customer', 'view_service', 'admin'] }), headers);
    const problem = expectProblem(answer, 403, 'rbac.cannot_grant');
    expect(problem.missing_permissions).toEqual(['admin', 'view_service']);
    const [record] = await recordsOfRequest(app, answer);
    expect(record).toMatchObject({ event: 'authz_fail', after: { refused_grants: ['admin', 'view_service'] } });
  });
});
