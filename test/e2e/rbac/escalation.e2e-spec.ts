import { TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { allowPersonalTokens } from '../../support/personal-tokens.js';
import {
  asAdmin,
  asApiKey,
  asUser,
  type Credentials,
  type KeyHolder,
  type UserHolder,
} from '../../support/principals.js';

/** All that administers people, keys and roles, and next to nothing to hand out. */
const CLERK = [
  ...[
    'view_user',
    'create_user',
    'update_user',
    'view_role',
    'create_role',
    'update_role',
    'delete_role',
    'assign_role',
  ],
  ...['manage_api_keys', 'explain_permission', 'view_own_customer', 'create_personal_token'],
];

interface Attempt {
  readonly way: string;
  /** A clerk, the clerk's key, or who runs a customer's account. */
  readonly by: 'user' | 'key' | 'owner';
  readonly does: () => { method: string; path: string; body?: unknown };
  readonly status: number;
}

/** Every way in which somebody who is no administrator could come by a right. None of them leads anywhere. */
describe('escalation', () => {
  let app: TestApp;
  let admin: Credentials;
  let clerk: UserHolder;
  let key: KeyHolder;
  let bound: KeyHolder;
  let strong: KeyHolder;
  let owner: UserHolder;
  let ids: Record<
    | 'clerkRole'
    | 'weakRole'
    | 'spareRole'
    | 'strongRole'
    | 'own'
    | 'foreign'
    | 'victim'
    | 'boss'
    | 'colleague'
    | 'shared'
    | 'peer',
    number
  >;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
    await allowPersonalTokens(app);
    const [own, foreign] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
    await aRole(app, CLERK, 'Clerk');
    await aRole(app, ['view_role'], 'Weak');
    await aRole(app, ['view_role'], 'Spare');
    await aRole(app, ['view_audit_log'], 'Strong');
    clerk = await asUser(app, ['Clerk', 'Weak'], [own]);
    key = await asApiKey(app, CLERK, { customer_ids: [own], roles: ['Weak'] });
    bound = await asApiKey(app, ['view_role', 'manage_api_keys']);
    strong = await asApiKey(app, ['view_audit_log']);
    owner = await asUser(app, ['Customer Admin'], [own]);
    const customer = async (...customer_ids: number[]) =>
      (await aUser(app, { roles: ['Customer'], customer_ids })).user_id;
    const { data } = (await app.ask('GET', '/crm/roles?limit=100', { headers: admin })).body;
    const idOf = (name: string) => data.find((role: any) => role.name === name).role_id as number;
    ids = {
      ...{ clerkRole: idOf('Clerk'), weakRole: idOf('Weak'), spareRole: idOf('Spare'), strongRole: idOf('Strong') },
      ...{ own, foreign, victim: (await aUser(app, { roles: ['Strong'] })).user_id, boss: 1 },
      ...{ colleague: await customer(own), shared: await customer(own, foreign) },
      peer: (await aUser(app, { roles: ['Customer Admin'], customer_ids: [own] })).user_id,
    };
  });
  afterAll(() => app.close());

  const mine = () => `/crm/users/${clerk.userId}`;
  const role = (id: number) => `/crm/roles/${id}`;
  const keyAt = (holder: KeyHolder) => `/crm/api-keys/${holder.apiKeyId}`;
  const put = (path: string, ...roles: string[]) => ({ method: 'PUT', path: `${path}/roles`, body: { roles } });
  const patch = (path: string, body: unknown) => ({ method: 'PATCH', path, body });
  const post = (path: string, body: unknown) => ({ method: 'POST', path, body });
  const remove = (id: number, replacement: number) => ({
    method: 'DELETE',
    path: `${role(id)}?replacement_role_id=${replacement}`,
  });
  const newUser = { email: 'accomplice@example.com', name: 'x', password: 'a long enough password' };

  const both = (way: string, status: number, does: Attempt['does']): Attempt[] => [
    { way, by: 'user', does, status },
    { way, by: 'key', does, status },
  ];
  const owners = (way: string, status: number, does: Attempt['does']): Attempt => ({ way, by: 'owner', does, status });
  const at = (id: number) => `/crm/users/${id}`;
  const invited = (more: object) =>
    post('/crm/users', { email: 'accomplice@example.com', name: 'x', customer_ids: [ids.own], ...more });
  const attempts: Attempt[] = [
    owners('a colleague is raised to one’s own role', 403, () => put(at(ids.colleague), 'Customer Admin')),
    owners('a colleague is raised to Admin', 403, () => put(at(ids.colleague), 'Admin')),
    owners('a colleague is raised beside the name', 400, () =>
      patch(at(ids.colleague), { name: 'x', roles: ['Admin'] }),
    ),
    owners('a colleague joins another customer', 400, () =>
      patch(at(ids.colleague), { customer_ids: [ids.own, ids.foreign] }),
    ),
    owners('a colleague is invited into one’s own role', 403, () => invited({ roles: ['Customer Admin'] })),
    owners('a colleague is invited as Admin', 403, () => invited({ roles: ['Admin'] })),
    owners('somebody is invited for another customer', 403, () => invited({ customer_ids: [ids.own, ids.foreign] })),
    owners('somebody is invited for no customer', 403, () => invited({ customer_ids: [] })),
    owners('somebody is invited as deactivated, and by id', 400, () => invited({ status: 'active', user_id: 1 })),
    owners('who belongs to another customer too gets another e-mail', 404, () =>
      patch(at(ids.shared), { email: 'mine@example.com' }),
    ),
    owners('who belongs to another customer too is drawn away from it', 404, () =>
      patch(at(ids.shared), { customer_ids: [ids.own] }),
    ),
    owners('who belongs to another customer too gets a link for a password', 404, () =>
      post(`${at(ids.shared)}/reset-password`, {}),
    ),
    owners('who has one’s own role gets another e-mail', 404, () => patch(at(ids.peer), { email: 'mine@example.com' })),
    owners('who has one’s own role is deleted', 404, () => ({ method: 'DELETE', path: at(ids.peer) })),
    owners('the administrator gets another e-mail', 404, () => patch(at(ids.boss), { email: 'mine@example.com' })),
    owners('the owner joins another customer', 400, () => patch(at(owner.userId), { customer_ids: [ids.foreign] })),
    owners('the owner takes another role', 403, () => put(at(owner.userId), 'Customer Admin', 'Clerk')),
    owners('the role of colleagues is widened', 403, () => patch(role(5), { permissions: ['admin'] })),
    owners('a key is made', 403, () => post('/crm/api-keys', { name: 'x', permissions: ['manage_own_users'] })),
    ...both('its own role is edited to grant more', 403, () =>
      patch(role(ids.clerkRole), { permissions: [...CLERK, 'view_customer'] }),
    ),
    ...both('its own role is edited to grant admin', 403, () => patch(role(ids.weakRole), { permissions: ['admin'] })),
    ...both('a stronger role is edited', 403, () => patch(role(ids.strongRole), { permissions: ['view_role'] })),
    ...both('a stronger role is renamed', 403, () => patch(role(ids.strongRole), { name: 'Meek' })),
    ...both('Admin is edited', 403, () => patch(role(1), { permissions: ['view_role'] })),
    ...both('a built-in role is widened', 403, () => patch(role(5), { permissions: ['admin'] })),
    ...both('a role is created with more', 403, () =>
      post('/crm/roles', { name: 'x', permissions: ['view_customer'] }),
    ),
    ...both('a role is created with admin', 403, () => post('/crm/roles', { name: 'x', permissions: ['ADMIN'] })),
    ...both('a role is created with everything by a star', 400, () =>
      post('/crm/roles', { name: 'x', permissions: ['*'] }),
    ),
    ...both('a role is created that grants nothing yet', 400, () =>
      post('/crm/roles', { name: 'Admin_', permissions: [] }),
    ),
    ...both('a role is called like a permission', 400, () =>
      post('/crm/roles', { name: 'view_customer', permissions: ['view_role'] }),
    ),
    ...both('its own role is deleted for a stronger one', 403, () => remove(ids.weakRole, ids.strongRole)),
    ...both('its own role is deleted for Admin', 403, () => remove(ids.weakRole, 1)),
    ...both('a stronger role is deleted, to bring its holders down', 403, () => remove(ids.strongRole, ids.spareRole)),
    ...both('the user takes a stronger role', 403, () => put(mine(), 'Clerk', 'Strong')),
    ...both('the user takes Admin', 403, () => put(mine(), 'admin')),
    ...both('a stronger user is stripped of roles', 403, () => put(`/crm/users/${ids.victim}`)),
    ...both('the administrator is stripped of roles', 403, () => put(`/crm/users/${ids.boss}`, 'Weak')),
    ...both('the user joins another customer', 400, () => patch(mine(), { customer_ids: [ids.own, ids.foreign] })),
    ...both('a user is created with more', 403, () => post('/crm/users', { ...newUser, roles: ['Strong'] })),
    ...both('a user is created for another customer', 400, () =>
      post('/crm/users', { ...newUser, roles: [], customer_ids: [ids.foreign] }),
    ),
    ...both('a stronger user is renamed', 403, () => patch(`/crm/users/${ids.victim}`, { name: 'x' })),
    ...both('a stronger user gets another e-mail', 403, () =>
      patch(`/crm/users/${ids.victim}`, { email: 'mine@example.com' }),
    ),
    ...both('a stronger user gets a link for a password', 403, () =>
      post(`/crm/users/${ids.victim}/reset-password`, {}),
    ),
    ...both('a personal token is made with more', 403, () =>
      post('/crm/personal-tokens', { name: 'x', permissions: ['view_customer'] }),
    ),
    ...both('a key is created with more', 403, () =>
      post('/crm/api-keys', { name: 'x', permissions: ['view_customer'] }),
    ),
    ...both('a key is created with a stronger role', 403, () =>
      post('/crm/api-keys', { name: 'x', roles: ['Strong'] }),
    ),
    ...both('a key is created for another customer', 400, () =>
      post('/crm/api-keys', { name: 'x', permissions: ['view_role'], customer_ids: [ids.foreign] }),
    ),
    ...both('a weaker key is given more', 403, () => patch(keyAt(bound), { permissions: ['view_customer'] })),
    ...both('a weaker key is given a stronger role', 403, () => patch(keyAt(bound), { roles: ['Strong'] })),
    ...both('a stronger key is taken over by regeneration', 403, () => post(`${keyAt(strong)}/regenerate`, {})),
    ...both('a stronger key is edited down', 403, () => patch(keyAt(strong), { permissions: ['view_role'] })),
    {
      way: 'a key gives itself more',
      by: 'key',
      status: 403,
      does: () => patch(keyAt(key), { permissions: ['admin'] }),
    },
    {
      way: 'a key joins another customer',
      by: 'key',
      status: 400,
      does: () => patch(keyAt(key), { customer_ids: [ids.foreign] }),
    },
    {
      way: 'a key frees itself of limits',
      by: 'key',
      status: 403,
      does: () => patch(keyAt(key), { rate_limit: null, allowed_addresses: null, name: 'y' }),
    },
    ...both('a role is created as built in', 400, () =>
      post('/crm/roles', { name: 'x', permissions: ['view_role'], built_in: true }),
    ),
    ...both('a role is created over another', 400, () =>
      post('/crm/roles', { name: 'x', permissions: ['view_role'], role_id: 1 }),
    ),
    ...both('a role is made built in', 400, () => patch(role(ids.weakRole), { built_in: true })),
    ...both('a role takes the id of another', 400, () => patch(role(ids.weakRole), { role_id: 1 })),
    ...both('a role takes the key of its name', 400, () =>
      patch(role(ids.weakRole), { name_key: 'admin', nameKey: 'x' }),
    ),
    ...both('a role poisons its prototype', 400, () =>
      post('/crm/roles', '{"name":"x","permissions":["view_role"],"__proto__":{"isBuiltIn":true}}'),
    ),
    ...both('a user edits roles beside the name', 400, () => patch(mine(), { name: 'x', roles: ['Admin'] })),
    ...both('a user edits ids', 400, () => patch(mine(), { user_id: 1, role_ids: [1], permissions: ['admin'] })),
    ...both('a key is created as another’s', 400, () =>
      post('/crm/api-keys', {
        name: 'x',
        permissions: ['view_role'],
        created_by: 'admin@example.com',
        source: 'config',
      }),
    ),
    ...both('a foreign row is spied on by asking about it', 404, () =>
      post('/crm/authz/explain', {
        ...{ principal: { kind: 'user', id: 1 }, permission: 'view_customer', subject_id: ids.foreign },
      }),
    ),
  ];

  const state = async () => {
    const read = (path: string) => app.ask('GET', path, { headers: admin });
    const answers = await Promise.all(
      ['roles', 'users', 'api-keys', 'customers'].map((noun) => read(`/crm/${noun}?limit=100`)),
    );
    const rows = answers.map(({ body }) => body.data);
    for (const row of rows.flat())
      for (const name of ['last_used_at', 'last_used_address', 'last_login_at']) delete row[name];
    return rows;
  };

  it.each(attempts.map((attempt) => [attempt.status, attempt.by, attempt.way, attempt] as const))(
    '%i by a %s: %s',
    async (status, by, _, { does }) => {
      const { method, path, body } = does();
      const before = await state();
      const { headers } = { user: clerk, key, owner }[by];
      expectProblem(await app.ask(method, path, { headers, body }), status);
      expect(await state()).toEqual(before);
    },
  );

  it('200 and 201 for the same by who may: what is refused above is refused for its reach alone', async () => {
    const { headers } = clerk;
    const ask = (it: { method: string; path: string; body?: unknown }) =>
      app.ask(it.method, it.path, { ...it, headers });
    const statuses = [
      await ask(post('/crm/roles', { name: 'Within', permissions: ['view_role', 'view_own_customer'] })),
      await ask(patch(role(ids.spareRole), { permissions: ['view_role', 'view_user'] })),
      await ask(put(mine(), 'Clerk', 'Weak', 'Spare')),
      await ask(post('/crm/api-keys', { name: 'x', permissions: ['view_role'], customer_ids: [ids.own] })),
      await ask(remove(ids.spareRole, ids.weakRole)),
    ].map(({ status }) => status);
    expect(statuses).toEqual([201, 200, 200, 201, 204]);
  });
});
