import { type TestDatabase, testDatabase } from '../../support/database.js';
import { rowsOf } from '../../support/rows.js';
import { ServerProcess } from '../../support/server-process.js';

const PASSWORD = 'an administrator of tests';
const TOGETHER = 200;

describe('SIGKILL while 200 customers are being created', () => {
  let place: TestDatabase;

  beforeEach(async () => {
    place = await testDatabase();
  });
  afterEach(async () => {
    await ServerProcess.endAll();
    await place.drop();
  });

  const post = (url: string, body: object, headers = {}) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const ids = async (query: string) => (await rowsOf<{ id: number }>(place, query)).map(({ id }) => Number(id));

  it('keeps each one that was answered, with its record, and holds no record without its row', async () => {
    const environment = { CRM_ADMIN_PASSWORD: PASSWORD, CRM_LOG_LEVEL: 'warn' };
    const server = await ServerProcess.start(place, { environment });
    const login = await post(`${server.url}/crm/auth/login`, { email: 'admin@example.com', password: PASSWORD });
    const { token } = (await login.json()) as { token: string };
    const answered: number[] = [];
    const authorization = { authorization: `Bearer ${token}` };
    // Each of them goes on until the server is gone, so the kill finds as many creates under way as there are clients.
    const client = async (index: number): Promise<void> => {
      for (;;) {
        const answer = await post(`${server.url}/crm/customers`, { customer_name: `Customer ${index}` }, authorization);
        // Counted once the whole answer is here, so this client knows the row.
        const { customer_id: id } = (await answer.json()) as { customer_id: number };
        expect(answer.status).toBe(201);
        answered.push(id);
        if (answered.length === TOGETHER) server.kill('SIGKILL');
      }
    };
    const clients = await Promise.allSettled(Array.from({ length: TOGETHER }, (_, index) => client(index)));
    expect(await server.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(answered.length).toBeGreaterThanOrEqual(TOGETHER);
    expect(clients.filter(({ status }) => status === 'rejected')).toHaveLength(TOGETHER);

    const again = await ServerProcess.start(place, { environment });
    again.kill('SIGTERM');
    expect(await again.ended).toEqual({ code: 0, signal: null });
    const rows = await ids('SELECT customer_id AS id FROM customers ORDER BY 1');
    const records = await ids(`SELECT subject_id AS id FROM audit_logs WHERE event = 'customer.created' ORDER BY 1`);
    expect(records).toEqual(rows);
    expect(answered.filter((id) => !rows.includes(id))).toEqual([]);
    const withWords = await ids('SELECT DISTINCT customer_id AS id FROM customer_words ORDER BY 1');
    expect(withWords).toEqual(rows);
  });
});
