import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY } from '../../../src/common/clock.js';
import { ADMIN, NO_LIMITS } from '../../support/app.js';
import { type TestDatabase, testDatabase } from '../../support/database.js';
import { eventually, ServerProcess } from '../../support/server-process.js';

const CHANGES = 1_000;
const AT_ONCE = 25;

interface Reply {
  readonly status: number;
  readonly body: any;
}

/** Two servers on one MariaDB. SQLite has one server at a time: there the same holds for the one. */
describe('two nodes', () => {
  let database: TestDatabase;
  let nodes: ServerProcess[];
  let admin: Record<string, string>;

  beforeAll(async () => {
    database = await testDatabase();
    writeFileSync(join(database.dataDir, 'crm_config.yaml'), NO_LIMITS);
    const environment = { CRM_ADMIN_EMAIL: ADMIN.email, CRM_ADMIN_PASSWORD: ADMIN.password };
    nodes = [await ServerProcess.start(database, { environment })];
    if (database.url !== null) nodes.push(await ServerProcess.start(database, { environment }));
    const { body } = await ask(0, 'POST', '/crm/auth/login', { headers: {}, body: ADMIN });
    admin = { authorization: `Bearer ${body.token}` };
  });
  afterAll(async () => {
    await ServerProcess.endAll();
    await database.drop();
  });

  interface Asking {
    readonly headers?: Record<string, string>;
    readonly body?: object;
  }

  async function ask(node: number, method: string, path: string, asking: Asking = {}): Promise<Reply> {
    const { headers = admin, body } = asking;
    const answer = await fetch(`${nodes[node % nodes.length]?.url}${path}`, {
      method,
      headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
  }
  const keyWith = async (permissions: string[], more: object = {}) => {
    const { body } = await ask(0, 'POST', '/crm/api-keys', { body: { name: 'A key', permissions, ...more } });
    return { id: body.api_key_id as number, headers: { 'x-api-key': body.api_key as string } };
  };

  it('do the work of a job once, however many of them want to at the same time', async () => {
    const expiry_date = new Date(Date.now() + 3 * DAY).toISOString();
    const keys = await Promise.all(Array.from({ length: 10 }, () => keyWith(['view_customer'], { expiry_date })));
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, node) => ask(node, 'POST', '/crm/jobs/api-key-expiry/run')),
    );
    expect(runs.map(({ status }) => status)).toEqual(expect.arrayContaining([200]));
    expect(runs.every(({ status }) => status === 200 || status === 409)).toBe(true);
    for (const { id } of keys) {
      const query = `event=api_key.expiring&subject_type=api_key&subject_id=${id}`;
      expect((await ask(id, 'GET', `/crm/audit-logs?${query}`)).body.data).toHaveLength(1);
    }
  });

  describe('refuse at the one that made a change at once, and at the other within a second', () => {
    const CUSTOMERS = '/crm/customers';
    const list = (node: number, headers: Record<string, string>) => ask(node, 'GET', CUSTOMERS, { headers });
    const changed = async (method: string, path: string, body?: object): Promise<any> => {
      const answer = await ask(0, method, path, body ? { body } : {});
      expect(answer.status).toBeLessThan(300);
      return answer.body;
    };
    const roleWith = async (...permissions: string[]) => {
      const { role_id, name } = await changed('POST', '/crm/roles', { name: `Role ${(count += 1)}`, permissions });
      return { path: `/crm/roles/${role_id}`, name: name as string };
    };
    const userWith = async (roles: string[]) => {
      const login = { email: `someone${(count += 1)}@example.com`, password: 'a password of two nodes' };
      const { user_id: id } = await changed('POST', '/crm/users', { ...login, name: 'Someone', roles });
      const { body } = await ask(0, 'POST', '/crm/auth/login', { headers: {}, body: login });
      return { path: `/crm/users/${id}`, headers: { authorization: `Bearer ${body.token}` } };
    };
    const allowTokens = (isAllowed: boolean) =>
      changed('PATCH', '/crm/settings', { 'personal_tokens.enabled': isAllowed });
    let count = 0;

    type Given = () => Promise<{ headers: Record<string, string>; end: () => Promise<unknown> }>;
    it.each<[number, string, Given]>([
      [
        401,
        'a key that is revoked',
        async () => {
          const { id, headers } = await keyWith(['view_customer']);
          return { headers, end: () => changed('DELETE', `/crm/api-keys/${id}`) };
        },
      ],
      [
        403,
        'a key that loses the right',
        async () => {
          const { id, headers } = await keyWith(['view_customer', 'view_role']);
          return { headers, end: () => changed('PATCH', `/crm/api-keys/${id}`, { permissions: ['view_role'] }) };
        },
      ],
      [
        403,
        'a key whose role loses the right',
        async () => {
          const role = await roleWith('view_customer');
          const { headers } = await keyWith(['view_role'], { roles: [role.name] });
          return { headers, end: () => changed('PATCH', role.path, { permissions: ['view_role'] }) };
        },
      ],
      [
        401,
        'a user who is deactivated',
        async () => {
          const { path, headers } = await userWith(['Support']);
          return { headers, end: () => changed('PATCH', path, { status: 'deactivated' }) };
        },
      ],
      [
        403,
        'a user who loses the role',
        async () => {
          const { path, headers } = await userWith(['Support']);
          return { headers, end: () => changed('PUT', `${path}/roles`, { roles: [] }) };
        },
      ],
      [
        401,
        'a session that logs out',
        async () => {
          const { headers } = await userWith(['Support']);
          return { headers, end: () => ask(0, 'POST', '/crm/auth/logout', { headers }) };
        },
      ],
      [
        401,
        'a personal token while tokens are switched off',
        async () => {
          await allowTokens(true);
          const { headers } = await userWith([(await roleWith('create_personal_token', 'view_customer')).name]);
          const { body } = await ask(0, 'POST', '/crm/personal-tokens', { headers, body: { name: 'A token' } });
          return { headers: { 'x-api-key': body.token as string }, end: () => allowTokens(false) };
        },
      ],
    ])('%i for %s', async (status, _what, given) => {
      const { headers, end } = await given();
      // What is new, too, is known to the other node within a second only.
      await eventually(
        () => list(1, headers),
        (answer) => answer.status === 200,
      );
      for (const node of [0, 1, 0, 1]) expect((await list(node, headers)).status).toBe(200);
      await end();
      const ended = performance.now();
      expect((await list(0, headers)).status).toBe(status);
      // Whatever is sent a second later or more meets a node that knows; how long an answer takes is another matter.
      let sentAfter = performance.now() - ended;
      let answer = await list(1, headers);
      while (answer.status === 200 && sentAfter < 1_000) {
        sentAfter = performance.now() - ended;
        answer = await list(1, headers);
      }
      expect(answer.status).toBe(status);
    });
  });

  it(`leave a chain that verifies after ${CHANGES} changes at once`, async () => {
    const { headers } = await keyWith(['create_customer']);
    const before = (await ask(0, 'GET', '/crm/audit-logs/verify')).body.checked as number;
    let next = 0;
    const worker = async () => {
      for (let index = next++; index < CHANGES; index = next++) {
        const { status } = await ask(index, 'POST', '/crm/customers', {
          headers,
          body: { customer_name: `Customer ${index}` },
        });
        expect(status).toBe(201);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const checks = await Promise.all([0, 1].map((node) => ask(node, 'GET', '/crm/audit-logs/verify')));
    for (const { body } of checks) {
      expect(body).toEqual({ valid: true, checked: before + CHANGES, first_broken: null });
    }
  });
});
