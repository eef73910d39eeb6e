import { NO_LIMITS, TestApp } from '../../support/app.js';
import { expectProblem } from '../../support/expect-problem.js';
import { aRole } from '../../support/factories/roles.js';
import { asAdmin, type Credentials } from '../../support/principals.js';

const KEY = 'abcdefghij'.repeat(4);

/** The file names roles by name: nothing done over the API may make it a file that the next start refuses. */
describe('roles that the configuration file names', () => {
  let app: TestApp;
  let admin: Credentials;

  beforeAll(async () => {
    app = await TestApp.start();
    admin = await asAdmin(app);
  });
  afterAll(() => app.close());

  const made = async (permissions: string[]) => {
    const name = await aRole(app, permissions);
    const { data } = (await app.ask('GET', '/crm/roles?sort=-role_id&limit=1', { headers: admin })).body;
    return { name, path: `/crm/roles/${data[0].role_id}` };
  };
  const ask = (method: string, path: string, body?: unknown) => app.ask(method, path, { headers: admin, body });

  it.each([
    ['a key', (name: string) => `api_keys: { ${KEY}: { roles: ["${name}"] } }\n`, 'api_keys[0]'],
    [
      'a trusted address',
      (name: string) => `ip_whitelist: [{ address: 10.0.0.7, roles: [view_site, "${name}"] }]\n`,
      'ip_whitelist[0]',
    ],
    [
      'the default of trusted addresses',
      (name: string) => `ip_whitelist_default_roles: ["${name}"]\n`,
      'ip_whitelist_default_roles',
    ],
  ])('409 naming the place: %s', async (_, fileFor, place) => {
    const { name, path } = await made(['view_customer']);
    const other = await made(['view_customer']);
    await app.reconfigure(`${NO_LIMITS}${fileFor(name.toUpperCase())}`);
    const replacement = `?replacement_role_id=${other.path.split('/').at(-1)}`;
    for (const answer of [
      await ask('DELETE', path),
      await ask('DELETE', `${path}${replacement}`),
      await ask('PATCH', path, { name: 'Other' }),
    ]) {
      expect(expectProblem(answer, 409, 'rbac.role_configured').detail).toContain(place);
    }
    expect((await ask('PATCH', path, { name: name.toLowerCase(), permissions: ['view_service'] })).status).toBe(200);
    await app.reconfigure(NO_LIMITS);
    expect((await ask('PATCH', path, { name: `${name} other` })).status).toBe(200);
    expect((await ask('DELETE', path)).status).toBe(204);
  });

  it('409 when the role would grant what an address may not hold; 200 where its entry allows it', async () => {
    const { name, path } = await made(['view_customer']);
    const entry = (more: string) => `${NO_LIMITS}ip_whitelist: [{ address: 10.0.0.7, roles: ["${name}"]${more} }]\n`;
    await app.reconfigure(entry(''));
    for (const barred of ['admin', 'manage_api_keys', 'view_user', 'create_role']) {
      const answer = await ask('PATCH', path, { permissions: ['view_customer', barred] });
      expect(expectProblem(answer, 409, 'rbac.role_configured').detail).toContain('ip_whitelist[0]');
    }
    await app.reconfigure(entry(', allow_admin: true'));
    expect((await ask('PATCH', path, { permissions: ['view_user'] })).status).toBe(200);
    await app.reconfigure(NO_LIMITS);
  });

  it('200 for a config key with what its role grants now', async () => {
    const { name, path } = await made(['view_service']);
    await app.reconfigure(`${NO_LIMITS}api_keys: { ${KEY}: { roles: ["${name}"] } }\n`);
    const list = async () => (await app.ask('GET', '/crm/customers', { headers: { 'x-api-key': KEY } })).status;
    expect(await list()).toBe(403);
    await ask('PATCH', path, { permissions: ['view_customer'] });
    expect(await list()).toBe(200);
    await app.reconfigure(NO_LIMITS);
  });
});
