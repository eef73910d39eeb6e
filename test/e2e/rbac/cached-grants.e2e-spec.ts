import { NO_LIMITS, TestApp } from '../../support/app.js';
import { eitherHeader, expectEach, Rights, type Use, warm } from '../../support/cached.js';
import { aCustomer } from '../../support/factories/customers.js';
import { aToken, allowPersonalTokens } from '../../support/personal-tokens.js';
import { asApiKey, asUser } from '../../support/principals.js';

const FILE_KEY = 'a-key-of-the-file-0123456789-abcdefghij';
const TRUSTED = '127.0.0.5';
const LACKING = 'rbac.missing_permission';
const CUSTOMERS = '/crm/customers';

/** What a right that is remembered no longer covers is refused at the very next request, and the rest still works. */
describe('rights that are remembered', () => {
  let app: TestApp;
  let rights: Rights;
  let mine: number;
  let other: number;

  beforeAll(async () => {
    app = await TestApp.start();
    rights = await Rights.of(app);
    await allowPersonalTokens(app);
    [mine, other] = [(await aCustomer(app)).customer_id, (await aCustomer(app)).customer_id];
  });
  afterAll(() => app.close());
  afterEach(() => app.reconfigure(NO_LIMITS));

  const role = async (...permissions: string[]) => {
    const name = `Remembered ${(count += 1)}`;
    const { role_id: id } = await rights.change('POST', '/crm/roles', { name, permissions });
    return { name, id: id as number, path: `/crm/roles/${id}` };
  };
  let count = 0;

  /** All that can hold what one role grants: a user, a key, and what hangs on the user. */
  const holdersOf = async (name: string, customer_ids: number[] = []) => {
    const makers = await role('manage_api_keys', 'create_personal_token');
    const user = await asUser(app, [name, makers.name], customer_ids);
    const key = await asApiKey(app, [], { roles: [name], customer_ids });
    const token = await aToken(app, user);
    const grant = { roles: [name], customer_ids, bound_to_creator: true };
    const bound = await rights.keyBy(user.headers, grant);
    const child = await rights.keyBy(token.headers, grant);
    const use = (path: string) => ({
      user: [rights.using(user.headers, path)],
      key: rights.usingKey(key.key, path),
      token: rights.usingKey(token.key, path),
      bound: [...rights.usingKey(bound, path), ...rights.usingKey(child, path)],
    });
    return { user, key, makers, use, all: (path: string): Use[] => Object.values(use(path)).flat() };
  };

  it('403 for all who hold a role once it loses the right, 200 for what stayed, and for all once it is back', async () => {
    const { name, path } = await role('view_customer', 'view_role');
    const { all } = await holdersOf(name);
    await warm(...all(CUSTOMERS), ...all('/crm/roles'));
    await rights.change('PATCH', path, { permissions: ['view_role'] });
    await expectEach(all(CUSTOMERS), 403, LACKING);
    await expectEach(all('/crm/roles'), 200);
    await rights.change('PATCH', path, { permissions: ['view_role', 'view_customer'] });
    await expectEach(all(CUSTOMERS), 200);
  });

  it('403 for all who held a role once it is deleted in favour of a smaller one', async () => {
    const [gone, left] = [await role('view_customer', 'view_role'), await role('view_role')];
    const { use } = await holdersOf(gone.name);
    const holders = (path: string) => [...use(path).user, ...use(path).key, ...use(path).token, ...use(path).bound];
    await warm(...holders(CUSTOMERS), ...holders('/crm/roles'));
    await rights.change('DELETE', `${gone.path}?replacement_role_id=${left.id}`);
    await expectEach(holders(CUSTOMERS), 403, LACKING);
    await expectEach(holders('/crm/roles'), 200);
  });

  it('403 for a user and what hangs on it once the user loses the role; 200 for the key until it does', async () => {
    const { name } = await role('view_customer');
    const { user, key, makers, use, all } = await holdersOf(name);
    await warm(...all(CUSTOMERS));
    await rights.change('PUT', `/crm/users/${user.userId}/roles`, { roles: [makers.name] });
    const { key: ofKey, ...ofUser } = use(CUSTOMERS);
    await expectEach(Object.values(ofUser).flat(), 403, LACKING);
    await expectEach(ofKey, 200);
    await rights.change('PATCH', `/crm/api-keys/${key.apiKeyId}`, { roles: [], permissions: ['view_role'] });
    await expectEach(ofKey, 403, LACKING);
    await expectEach(use('/crm/roles').key, 200);
  });

  it('403 for a key once an edit takes the permission, 200 for the one that stayed', async () => {
    const { key, apiKeyId } = await asApiKey(app, ['view_customer', 'view_role']);
    const [lost, kept] = [rights.usingKey(key), rights.usingKey(key, '/crm/roles')];
    await warm(...lost, ...kept);
    await rights.change('PATCH', `/crm/api-keys/${apiKeyId}`, { permissions: ['view_role'] });
    await expectEach(lost, 403, LACKING);
    await expectEach(kept, 200);
  });

  describe('over customers', () => {
    const of = (id: number) => `${CUSTOMERS}/${id}`;

    it('404 for the others once a right over all becomes one over one’s own; 403 for a token, which holds just that', async () => {
      const { name, path } = await role('view_customer');
      const { use, all } = await holdersOf(name, [mine]);
      const whose = (id: number) => [...use(of(id)).user, ...use(of(id)).key];
      await warm(...all(of(mine)), ...all(of(other)));
      await rights.change('PATCH', path, { permissions: ['view_own_customer'] });
      await expectEach(whose(other), 404, 'customers.not_found');
      await expectEach(use(of(other)).token, 403, LACKING);
      await expectEach(whose(mine), 200);
    });

    it('404 for a customer that a user left, and 403 for keys that act for more than their maker', async () => {
      const { name } = await role('view_own_customer');
      const { user, use, all } = await holdersOf(name, [mine, other]);
      await warm(...all(of(mine)), ...all(of(other)));
      await rights.change('PATCH', `/crm/users/${user.userId}`, { customer_ids: [mine] });
      await expectEach([...use(of(other)).user, ...use(of(other)).token], 404, 'customers.not_found');
      await expectEach(use(of(other)).bound, 403, LACKING);
      await expectEach([...use(of(mine)).user, ...use(of(mine)).token, ...use(of(other)).key], 200);
    });

    it('404 for a customer that a key acts for no longer', async () => {
      const { key, apiKeyId } = await asApiKey(app, ['view_own_customer'], { customer_ids: [mine, other] });
      await warm(...rights.usingKey(key, of(mine)), ...rights.usingKey(key, of(other)));
      await rights.change('PATCH', `/crm/api-keys/${apiKeyId}`, { customer_ids: [mine] });
      await expectEach(rights.usingKey(key, of(other)), 404, 'customers.not_found');
      await expectEach(rights.usingKey(key, of(mine)), 200);
    });

    it('404 for a customer that is deleted, whom nobody acts for any longer', async () => {
      const gone = (await aCustomer(app)).customer_id;
      const { name } = await role('view_own_customer');
      const { all } = await holdersOf(name, [mine, gone]);
      const whoami = all('/crm/auth/whoami');
      await warm(...all(of(gone)), ...whoami);
      await rights.change('DELETE', of(gone));
      const seen = [];
      for (const use of whoami) seen.push((await use()).body.customer_ids);
      expect(seen).toEqual(whoami.map(() => [mine]));
      await expectEach(all(of(gone)), 404, 'customers.not_found');
      await expectEach(all(of(mine)), 200);
    });
  });

  it('403 from an address that a key’s list lost, 200 from the one that stayed', async () => {
    const { key, apiKeyId } = await asApiKey(app, ['view_customer'], { allowed_addresses: ['127.0.0.7', '127.0.0.8'] });
    const from = (address: string): Use[] =>
      eitherHeader(key).map((headers) => () => app.ask('GET', CUSTOMERS, { headers, from: address }));
    await warm(...from('127.0.0.7'), ...from('127.0.0.8'));
    await rights.change('PATCH', `/crm/api-keys/${apiKeyId}`, { allowed_addresses: ['127.0.0.8'] });
    await expectEach(from('127.0.0.7'), 403, 'auth.address_not_allowed');
    await expectEach(from('127.0.0.8'), 200);
  });

  it('429 by a limit that was lowered: of a key by an edit, of every kind by the configuration', async () => {
    const [limited, key] = [await asApiKey(app, ['view_customer']), await asApiKey(app, ['view_customer'])];
    const user = await asUser(app, ['Support']);
    const uses = [rights.using(key.headers), rights.using(user.headers)];
    await warm(...rights.usingKey(limited.key), ...uses);
    await rights.change('PATCH', `/crm/api-keys/${limited.apiKeyId}`, { rate_limit: 2 });
    await expectEach(rights.usingKey(limited.key), 200);
    await expectEach(rights.usingKey(limited.key), 429);
    await app.reconfigure(NO_LIMITS.replace('api_key: 0', 'api_key: 1').replace('user: 0', 'user: 1'));
    await expectEach(uses, 200);
    await expectEach(uses, 429);
  });

  it('403 for a key of the file and a trusted address once their entries, or roles of them, grant less', async () => {
    const { name, path } = await role('view_customer', 'view_product');
    const entries = (roles: string) =>
      app.reconfigure(
        `${NO_LIMITS}api_keys: { ${FILE_KEY}: { roles: ${roles} } }\nip_whitelist: [{ address: ${TRUSTED}, roles: ${roles} }]\n`,
      );
    const uses = (at: string) => [...rights.usingKey(FILE_KEY, at), rights.usingAddress(TRUSTED, at)];
    await entries(`[view_audit_log, view_customer]`);
    await warm(...uses(CUSTOMERS), ...uses('/crm/audit-logs'));
    await entries(`[view_audit_log, '${name}']`);
    await warm(...uses(CUSTOMERS), ...uses('/crm/audit-logs'));
    await rights.change('PATCH', path, { permissions: ['view_product'] });
    await expectEach(uses(CUSTOMERS), 403, LACKING);
    await expectEach(uses('/crm/audit-logs'), 200);
    await entries('[view_customer]');
    await expectEach(uses('/crm/audit-logs'), 403, LACKING);
    await expectEach(uses(CUSTOMERS), 200);
  });

  it('403 for an address without roles of its own once the default grants less', async () => {
    const defaults = (roles: string) =>
      app.reconfigure(`${NO_LIMITS}ip_whitelist: [${TRUSTED}]\nip_whitelist_default_roles: [${roles}]\n`);
    await defaults('view_customer');
    await warm(rights.usingAddress(TRUSTED));
    await defaults('view_product');
    await expectEach([rights.usingAddress(TRUSTED)], 403, LACKING);
  });
});
