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

  it('refuse a key that was revoked: the one that did it at once, the other as soon as it hears of it', async () => {
    const { id, headers } = await keyWith(['view_customer']);
    for (const node of [0, 1]) expect((await ask(node, 'GET', '/crm/customers', { headers })).status).toBe(200);
    await ask(0, 'DELETE', `/crm/api-keys/${id}`);
    expect((await ask(0, 'GET', '/crm/customers', { headers })).status).toBe(401);
    const refused = await eventually(
      () => ask(1, 'GET', '/crm/customers', { headers }),
      ({ status }) => status === 401,
    );
    expect(refused.status).toBe(401);
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
