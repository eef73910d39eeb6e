import type { Socket } from 'node:net';
import type { SelectQueryBuilder } from 'typeorm';
import { Customer } from '../../../src/customers/customer.entity.js';
import { AuditLog } from '../../../src/audit/audit-log.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { type Parameters, Rows } from '../../../src/platform/database/rows.js';
import { TestApp } from '../../support/app.js';
import { customers } from '../../support/factories/customers.js';

type Builder = SelectQueryBuilder<Customer>;

/** What of a connection of mysql2 is looked at. */
interface Connection {
  readonly stream: Socket;
  readonly _command?: object;
}

function connectionsOf(database: Database): readonly Connection[] {
  const { reader } = database as unknown as {
    reader: { driver: { pool: { _allConnections: { length: number; get(index: number): Connection } } } };
  };
  const { _allConnections: all } = reader.driver.pool;
  return Array.from({ length: all.length }, (_, index) => all.get(index));
}

/** The server goes on with what nobody waits for any more. */
async function killAll(database: Database, text: string): Promise<void> {
  const running = await database.manager.query<{ id: string }[]>(
    `SELECT id FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID() AND db = DATABASE()`,
    [`%${text}%`],
  );
  for (const { id } of running) await database.manager.query(`KILL ${Number(id)}`);
}

describe('Rows', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start();
    await customers(app, [
      { customer_name: 'Anna', status: 'active', address: { country: 'DE' } },
      { customer_name: 'Bernd', status: 'suspended', email: 'bernd@example.com' },
      { customer_name: 'Carla', status: 'active', phone: '+49 30 1' },
    ]);
  });
  afterAll(() => app.close());

  const rows = (): Rows => app.get(Rows);
  const plainly = <Row extends object>(found: readonly Row[]): object[] => found.map((row) => ({ ...row }));
  const getMany = (narrow: (builder: Builder) => unknown): Promise<Customer[]> => {
    const builder = app.get(Database).repository(Customer).createQueryBuilder('row');
    narrow(builder);
    return builder.getMany();
  };

  it.each<[string, (builder: Builder) => unknown]>([
    ['everything', (it) => it],
    ['one status', (it) => it.andWhere('row.status = :status', { status: 'active' })],
    ['some ids', (it) => it.andWhere('row.customerId IN (:...ids)', { ids: [1, 3] })],
    ['an object', (it) => it.andWhere({ status: 'suspended' })],
    ['a limit', (it) => it.limit(1)],
    ['the other way round', (it) => it.orderBy('row.customerId', 'DESC')],
    ['nothing', (it) => it.andWhere('1 = 0')],
  ])('reads what getMany reads: %s', async (_, narrow) => {
    let parameters: Parameters = {};
    const statement = rows().compile(Customer, 'customerId', (builder) => {
      narrow(builder);
      parameters = builder.getParameters();
    });
    for (let use = 0; use < 2; use += 1) {
      expect(plainly(await rows().read(statement, parameters))).toEqual(plainly(await getMany(narrow)));
    }
  });

  it('reads with more texts at once than a connection keeps', async () => {
    const statements = Array.from({ length: 450 }, (_, count) =>
      rows().compile(Customer, 'customerId', (builder) => void builder.andWhere('row.customerId > 0').limit(count + 1)),
    );
    for (let use = 0; use < 2; use += 1) {
      const found = await Promise.all(statements.map((statement) => rows().read(statement, {})));
      expect(found.map(({ length }) => length)).toEqual(statements.map((_, count) => Math.min(count + 1, 3)));
    }
  });

  it('tells a text that the database cannot prepare, and reads on', async () => {
    const statement = rows().compile(Customer, 'customerId', (builder) => builder);
    const refused = async (): Promise<unknown> => rows().read({ ...statement, sql: 'SELECT * FROM nowhere' }, {});
    await expect(refused()).rejects.toThrow(/nowhere/);
    expect(await rows().read(statement, {})).toHaveLength(3);
  });

  it('gives none of those who wait a connection that broke', async () => {
    const database = app.get(Database);
    if (database.isSqlite) return;
    const statement = rows().compile(Customer, 'customerId', (builder) => builder);
    const endless = { ...statement, sql: `${statement.sql} WHERE SLEEP(60) = 0` };
    const working = Array.from({ length: 10 }, () => rows().read(endless, {}));
    const waiting = Array.from({ length: 10 }, () => rows().read(statement, {}));
    const outcomes = Promise.all([Promise.allSettled(working), Promise.allSettled(waiting)]);
    const isExecuting = ({ _command }: Connection): boolean => _command?.constructor.name === 'Execute';
    while (!connectionsOf(database).every(isExecuting)) await new Promise(setImmediate);
    for (const { stream } of connectionsOf(database)) stream.destroy();
    const [broken, others] = await outcomes;
    await killAll(database, 'SLEEP(60)');
    expect(new Set(broken.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set(['fulfilled']));
  });

  it('binds other values to the same text', async () => {
    const statement = rows().compile(Customer, 'customerId', (builder) => {
      builder.where('row.status = :status AND row.customerId IN (:...ids)', { status: '', ids: [0, 0] });
    });
    const names = async (parameters: Parameters): Promise<string[]> =>
      (await rows().read(statement, parameters)).map((row) => row.customerName);
    expect(await names({ status: 'active', ids: [1, 2] })).toEqual(['Anna']);
    expect(await names({ status: 'suspended', ids: [2, 3] })).toEqual(['Bernd']);
    expect(await names({ status: "' OR ''='", ids: [2, 3] })).toEqual([]);
  });

  it('runs nothing while a value is missing', async () => {
    const statement = rows().compile(Customer, 'customerId', (builder) => {
      builder.where('row.customerId IN (:...ids)', { ids: [1, 2] });
    });
    await expect(rows().read(statement, {})).rejects.toThrow('no value for ids');
    await expect(rows().read(statement, { ids: [1] })).rejects.toThrow('no value for ids 1');
  });

  it('reads a key only where it is asked for', async () => {
    const first = async (key: string): Promise<object | undefined> =>
      (
        await rows().read(
          rows().compile(Customer, key, (builder) => void builder.limit(1)),
          {},
        )
      )[0];
    expect(await first('nameKey')).toHaveProperty('nameKey', 'anna');
    expect(await first('customerId')).not.toHaveProperty('nameKey');
  });

  it('converts what the database hands out otherwise: big numbers and documents', async () => {
    const statement = rows().compile(AuditLog, 'auditId', (builder) => builder.orderBy('row.auditId').limit(5));
    const found = await rows().read(statement, {});
    const expected = await app
      .get(Database)
      .repository(AuditLog)
      .find({ order: { auditId: 'ASC' }, take: 5 });
    expect(plainly(found)).toEqual(plainly(expected));
    expect(typeof found[0]?.auditId).toBe('number');
  });

  it('reads inside the open transaction what was written there', async () => {
    const database = app.get(Database);
    const statement = rows().compile(Customer, 'customerId', (builder) => builder.orderBy('row.customerId').limit(1));
    const first = async (): Promise<string | undefined> => (await rows().read(statement, {}))[0]?.customerName;
    const work = database.transaction(async () => {
      await database.repository(Customer).update({ customerId: 1 }, { customerName: 'Antonia' });
      expect(await first()).toBe('Antonia');
      throw new Error('undo it');
    });
    await expect(work).rejects.toThrow('undo it');
    expect(await first()).toBe('Anna');
  });
});
