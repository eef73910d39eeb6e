import { NO_LIMITS, TestApp } from '../../support/app.js';
import { itNeedsAuthentication } from '../../support/contracts/authentication.js';
import { itNeedsPermission } from '../../support/contracts/permission.js';
import { expectProblem, pointers } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { aUser } from '../../support/factories/users.js';
import { asAdmin, asApiKey, asUser, type Credentials } from '../../support/principals.js';
import { countRecords } from '../../support/records.js';

describe('preview of a role', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const preview = (id: number, permissions: unknown, query = '') =>
    app.ask('POST', `/crm/roles/${id}/preview${query}`, { headers: admin, body: { permissions } });
  const made = async (permissions: string[]) => {
    const name = await aRole(app, permissions);
    const { data } = (await app.ask('GET', '/crm/roles?sort=-role_id&limit=1', { headers: admin })).body;
    return { name, id: data[0].role_id as number };
  };
  const permissionsOf = async (headers: Credentials): Promise<string[]> =>
    (await app.ask('GET', '/crm/auth/whoami', { headers })).body.permissions;

  const route = { method: 'POST', path: '/crm/roles/2/preview', body: { permissions: ['view_role'] } };
  itNeedsAuthentication(() => app, [route]);
  itNeedsPermission(() => app, 'explain_permission', [route]);

  it('200 with who gains and loses what, just as the edit then does; and nothing is changed by asking', async () => {
    const { id, name } = await made(['view_customer', 'manage_api_keys']);
    const other = await aRole(app, ['view_site']);
    const maker = await asUser(app, [name]);
    const holders = [
      { kind: 'user', id: maker.userId, headers: maker.headers },
      { kind: 'user', ...(await asUser(app, [name, other])) },
      { kind: 'api_key', ...(await asApiKey(app, ['view_customer'], { roles: [name] })) },
      { kind: 'api_key', ...(await asApiKey(app, ['view_customer'])) },
      { kind: 'user', ...(await asUser(app, [name, 'Admin'])) },
    ].map((it: any) => ({ ...it, id: (it.id ?? it.userId ?? it.apiKeyId) as number }));
    const body = { name: 'bound', permissions: ['view_customer'], bound_to_creator: true };
    const bound = (await app.ask('POST', '/crm/api-keys', { headers: maker.headers, body })).body;
    holders.push({ kind: 'api_key', id: bound.api_key_id, headers: { 'x-api-key': bound.api_key } });
    const gone = await aUser(app, { roles: [name] });
    await app.ask('PATCH', `/crm/users/${gone.user_id}`, { headers: admin, body: { status: 'deactivated' } });
    const [records, before] = [
      await countRecords(app),
      await Promise.all(holders.map((it) => permissionsOf(it.headers))),
    ];

    const wanted = ['manage_api_keys', 'view_site'];
    const answer = await preview(
      id,
      wanted.map((it) => it.toUpperCase()),
    );
    expect(answer.status).toBe(200);
    expect(await countRecords(app)).toBe(records);
    expect(await Promise.all(holders.map((it) => permissionsOf(it.headers)))).toEqual(before);

    const body2 = { permissions: wanted };
    expect((await app.ask('PATCH', `/crm/roles/${id}`, { headers: admin, body: body2 })).status).toBe(200);
    const after = await Promise.all(holders.map((it) => permissionsOf(it.headers)));
    const expected = holders.flatMap(({ kind, id: holder }, index) => {
      const [had, has] = [before[index] ?? [], after[index] ?? []];
      const gains = has.filter((it) => !had.includes(it));
      const loses = had.filter((it) => !has.includes(it));
      const isAdmin = had.includes('admin');
      return !isAdmin && gains.length + loses.length > 0 ? [{ kind, id: holder, gains, loses }] : [];
    });
    const shown = answer.body.data.map(({ name: _, ...change }: any) => change);
    expect(shown).toEqual(
      expected.toSorted((a, b) => Number(a.kind === 'api_key') - Number(b.kind === 'api_key') || a.id - b.id),
    );
    expect(shown.map(({ gains, loses }: any) => [gains, loses])).toEqual([
      [['view_site'], ['view_customer']],
      [[], ['view_customer']],
      [['view_site'], []],
      [[], ['view_customer']],
    ]);
  });

  it('200 page by page', async () => {
    const { id, name } = await made(['view_customer']);
    const users = [];
    for (let index = 0; index < 5; index += 1) users.push(await aUser(app, { roles: [name] }));
    const first = await preview(id, ['view_site'], '?limit=2&count=true');
    expect(first.body.page.total).toBe(5);
    const second = await preview(id, ['view_site'], `?limit=3&cursor=${first.body.page.next_cursor}`);
    expect([...first.body.data, ...second.body.data]).toEqual(
      users.map(({ user_id, email }) => ({
        ...{ kind: 'user', id: user_id, name: email },
        ...{ gains: ['view_site'], loses: ['view_customer'] },
      })),
    );
    expect(second.body.page.next_cursor).toBeNull();
    expect(pointers(await preview(id, ['view_role'], `?cursor=${first.body.page.next_cursor}`))).toEqual(['/cursor']);
  });

  it('200 for a trusted address, within what an address may hold', async () => {
    const { id, name } = await made(['view_customer']);
    await app.reconfigure(`${NO_LIMITS}ip_whitelist: [{ address: 10.0.0.7, roles: ["${name}"] }]\n`);
    const { data } = (await preview(id, ['view_site', 'view_user'])).body;
    expect(data).toEqual([
      { kind: 'address', id: '10.0.0.7', name: '10.0.0.7', gains: ['view_site'], loses: ['view_customer'] },
    ]);
    await app.reconfigure(NO_LIMITS);
  });

  it('400 for permissions that are none, 404 for an absent role', async () => {
    expect(pointers(await preview(2, []))).toEqual(['/permissions']);
    expect(pointers(await preview(2, null))).toEqual(['/permissions']);
    expect(pointers(await preview(2, ['fly', 'view_role', '*']))).toEqual(['/permissions/0', '/permissions/2']);
    expectProblem(await preview(999_999, ['view_role']), 404, 'rbac.role_not_found');
  });
});
