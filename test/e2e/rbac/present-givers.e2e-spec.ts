import { ApiKeysService } from '../../../src/api-keys/api-keys.service.js';
import { RotationService } from '../../../src/api-keys/rotation/rotation.service.js';
import { RolesService } from '../../../src/rbac/roles.service.js';
import { UsersService } from '../../../src/users/users.service.js';
import { type Answer, NO_LIMITS, TestApp } from '../../support/app.js';
import { recordsOf } from '../../support/audit-trail.js';
import { expectProblem } from '../../support/expect-problem.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';

const GIVEN = ['manage_api_keys', 'view_customer'];

type Work = (...given: never[]) => Promise<unknown>;

describe('rights handed out by a request that is overtaken', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start({ config: NO_LIMITS });
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());
  afterEach(() => jest.restoreAllMocks());

  const ask = (method: string, path: string, body?: object, headers = admin): Promise<Answer> =>
    app.ask(method, path, { headers, ...(body ? { body } : {}) });

  /** The next call is let in, and then waits until something else has happened. */
  function overtake(service: object, method: string, meanwhile: () => Promise<Answer>): void {
    const target = service as Record<string, Work>;
    const real = target[method]?.bind(service) as Work;
    jest.spyOn(target, method).mockImplementationOnce(async (...given: never[]) => {
      expect((await meanwhile()).status).toBeLessThan(300);
      return real(...given);
    });
  }

  const makeRole = async (permissions: string[]): Promise<{ role_id: number; name: string }> => {
    const name = `Role ${(roles += 1)}`;
    return (await ask('POST', '/crm/roles', { name, permissions })).body as { role_id: number; name: string };
  };
  let roles = 0;

  /** All ways of handing rights out, as a giver would use them who holds all of `RIGHTS`. */
  const RIGHTS = [
    ...['manage_api_keys', 'view_customer', 'create_role', 'update_role', 'view_role'],
    ...['create_user', 'update_user', 'view_user', 'assign_role'],
  ];
  const waysOut = async (): Promise<[string, object, string, (headers: Credentials) => Promise<Answer>][]> => {
    const viewer = await makeRole(['view_customer']);
    const key = await asApiKey(app, ['view_customer']);
    const user = await asUser(app, []);
    const grants = { permissions: ['view_customer'] };
    const [name, password] = ['Given', `a password for ${viewer.name}`];
    const email = `given${viewer.role_id}@example.com`;
    const account = { email, name, password, roles: [viewer.name] };
    const [keys, rotations] = [app.get(ApiKeysService), app.get(RotationService)];
    const [users, all] = [app.get(UsersService), app.get(RolesService)];
    return [
      ['key made', keys, 'create', (by) => ask('POST', '/crm/api-keys', { name, ...grants }, by)],
      ['key edited', keys, 'update', (by) => ask('PATCH', `/crm/api-keys/${key.apiKeyId}`, { name }, by)],
      ['value', rotations, 'regenerate', (by) => ask('POST', `/crm/api-keys/${key.apiKeyId}/regenerate`, {}, by)],
      ['role made', all, 'create', (by) => ask('POST', '/crm/roles', { name: email, ...grants }, by)],
      ['role edited', all, 'update', (by) => ask('PATCH', `/crm/roles/${viewer.role_id}`, { description: name }, by)],
      ['user made', users, 'create', (by) => ask('POST', '/crm/users', account, by)],
      [
        'role assigned',
        users,
        'setRoles',
        (by) => ask('PUT', `/crm/users/${user.userId}/roles`, { roles: [viewer.name] }, by),
      ],
    ];
  };

  it('401 for each way of giving once the key was revoked meanwhile; nothing is given', async () => {
    for (const [name, service, method, give] of await waysOut()) {
      const giver = await asApiKey(app, RIGHTS);
      overtake(service, method, () => ask('DELETE', `/crm/api-keys/${giver.apiKeyId}`));
      const answer = await give(giver.headers);
      expect([name, answer.status, answer.body.code]).toEqual([name, 401, 'rbac.giver_gone']);
      expect((await ask('GET', `/crm/api-keys?parent_api_key_id=${giver.apiKeyId}`)).body.data).toEqual([]);
    }
  });

  it('401 once the user was deactivated meanwhile, and 403, recorded, once they lost the role', async () => {
    const role = await makeRole(RIGHTS);
    const weaker = await makeRole(RIGHTS.filter((it) => it !== 'view_customer'));
    for (const [name, service, method, give] of await waysOut()) {
      const gone = await asUser(app, [role.name]);
      overtake(service, method, () => ask('PATCH', `/crm/users/${gone.userId}`, { status: 'deactivated' }));
      const refused = await give(gone.headers);
      expect([name, refused.status, refused.body.code]).toEqual([name, 401, 'rbac.giver_gone']);
      const demoted = await asUser(app, [role.name]);
      overtake(service, method, () => ask('PUT', `/crm/users/${demoted.userId}/roles`, { roles: [weaker.name] }));
      const problem = await give(demoted.headers);
      expect([name, problem.status, problem.body.missing_permissions]).toEqual([name, 403, ['view_customer']]);
      expect((await recordsOf(app, 'authz_fail'))[0]).toMatchObject({ actorId: demoted.userId });
    }
  });

  it('403 once the role itself was edited meanwhile, for a user, a key, and a key that is bound to the user', async () => {
    const create = (by: Credentials) =>
      ask('POST', '/crm/api-keys', { name: 'Given', permissions: ['view_customer'] }, by);
    const edit = (roleId: number) => () => ask('PATCH', `/crm/roles/${roleId}`, { permissions: ['manage_api_keys'] });
    for (const kind of ['user', 'key', 'bound']) {
      const role = await makeRole(GIVEN);
      const user = await asUser(app, [role.name]);
      const key = { name: 'Giver', ...(kind === 'key' ? { roles: [role.name] } : { permissions: GIVEN }) };
      const made = await ask('POST', '/crm/api-keys', { ...key, bound_to_creator: kind === 'bound' }, user.headers);
      const giver = kind === 'user' ? user.headers : { 'x-api-key': made.body.api_key as string };
      overtake(app.get(ApiKeysService), 'create', edit(role.role_id));
      const problem = expectProblem(await create(giver), 403, 'rbac.cannot_grant');
      expect(problem.missing_permissions).toEqual(['view_customer']);
    }
  });

  it('204 revoking in the midst of a crowd: every key that was made is named, and none is made after', async () => {
    const giver = await asApiKey(app, GIVEN);
    const body = { name: 'One of many', permissions: ['view_customer'] };
    const make = () => ask('POST', '/crm/api-keys', body, giver.headers);
    const before = Array.from({ length: 15 }, make);
    await Promise.race(before);
    const revoked = ask('DELETE', `/crm/api-keys/${giver.apiKeyId}`);
    const answers = await Promise.all([...before, ...Array.from({ length: 15 }, make)]);
    expect((await revoked).status).toBe(204);
    const made = answers.filter(({ status }) => status === 201).map((answer) => answer.body.api_key_id as number);
    expect(answers.every(({ status }) => status === 201 || status === 401)).toBe(true);
    const [record] = await recordsOf(app, 'api_key.revoked');
    expect(record?.after).toMatchObject({ child_api_key_ids: made.toSorted((a, b) => a - b) });
  });
});
