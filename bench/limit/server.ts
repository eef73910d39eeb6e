import fastify from 'fastify';
import { createPool, type RowDataPacket, type ResultSetHeader } from 'mysql2/promise';
import { COLUMNS, presented, type CustomerRow } from './shape.ts';

/**
 * The bare limit: what an answer costs on this machine when nothing but Fastify, the driver and one prepared statement
 * stands behind it. No authentication, no permission, no validation, no log: the product is measured against it.
 */
const pool = createPool({ uri: process.env.LIMIT_DATABASE_URL ?? '', connectionLimit: 10 });
const server = fastify({ logger: false });

const PAGE = 25;
const LIST = `SELECT ${COLUMNS.join(', ')} FROM customers ORDER BY customer_id LIMIT ${PAGE}`;
const ONE = `SELECT ${COLUMNS.join(', ')} FROM customers WHERE customer_id = ?`;
const CREATED = COLUMNS.filter((name) => name !== 'customer_id');
const CREATE = `INSERT INTO customers (${CREATED.join(', ')}, name_key) VALUES (${'?, '.repeat(CREATED.length)}?)`;

server.get('/crm/customers', async () => {
  const [rows] = await pool.execute<(CustomerRow & RowDataPacket)[]>(LIST);
  return { data: rows.map(presented), page: { limit: PAGE, next_cursor: String(rows.at(-1)?.customer_id) } };
});

server.get<{ Params: { customer_id: string } }>('/crm/customers/:customer_id', async (request, reply) => {
  const [rows] = await pool.execute<(CustomerRow & RowDataPacket)[]>(ONE, [Number(request.params.customer_id)]);
  const [row] = rows;
  return row ? presented(row) : reply.code(404).send({ status: 404 });
});

server.get('/refused', (_request, reply) => {
  void reply.code(401).type('application/problem+json').send(REFUSAL);
});

const REFUSAL = JSON.stringify({
  type: 'urn:omnicrm:problem:auth.invalid_credentials',
  title: 'Unauthorized',
  status: 401,
  detail: 'These credentials are not valid.',
  code: 'auth.invalid_credentials',
});

server.post<{ Body: Partial<CustomerRow> }>('/crm/customers', async (request, reply) => {
  const now = new Date().toISOString();
  const fixed = { customer_type: 'company', status: 'active', version: 1, created: now, updated: now };
  const empty = Object.fromEntries(COLUMNS.map((name) => [name, null])) as unknown as CustomerRow;
  const row: CustomerRow = { ...empty, ...fixed, ...request.body };
  const connection = await pool.getConnection();
  await connection.beginTransaction();
  const values = CREATED.map((name) => row[name]);
  const [{ insertId }] = await connection.execute<ResultSetHeader>(CREATE, [...values, row.customer_name]);
  await connection.commit();
  connection.release();
  return reply.code(201).send(presented({ ...row, customer_id: insertId }));
});

await server.listen({ host: '127.0.0.1', port: 0 });
const address = server.server.address();
process.stdout.write(`The limit is running at http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}\n`);

process.once('SIGTERM', () => process.exit(0));
