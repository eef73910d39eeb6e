import type { SelectQueryBuilder } from 'typeorm';
import { Customer } from '../../../src/customers/customer.entity.js';
import { Database } from '../../../src/platform/database/database.js';
import { Rows } from '../../../src/platform/database/rows.js';
import { TestApp } from '../../support/app.js';
import { customers } from '../../support/factories/customers.js';

type Builder = SelectQueryBuilder<Customer>;

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

  const builder = (): Builder =>
    app.get(Database).repository(Customer).createQueryBuilder('row').orderBy('row.customerId');

  const NARROWED: Record<string, (rows: Builder) => Builder> = {
    everything: (rows) => rows,
    'one status': (rows) => rows.andWhere('row.status = :status', { status: 'active' }),
    'another status': (rows) => rows.andWhere('row.status = :status', { status: 'suspended' }),
    'the opposite': (rows) => rows.andWhere('row.status <> :status', { status: 'active' }),
    'some ids': (rows) => rows.andWhere('row.customerId IN (:...own)', { own: [1, 3] }),
    'other ids, and more of them': (rows) => rows.andWhere('row.customerId IN (:...own)', { own: [1, 2, 3] }),
    nothing: (rows) => rows.andWhere('1 = 0'),
    'an object': (rows) => rows.andWhere({ status: 'suspended' }),
    'a bracket': (rows) => rows.andWhere([{ customerName: 'Anna' }, { customerName: 'Carla' }]),
    'a limit': (rows) => rows.limit(1),
    'another limit': (rows) => rows.limit(2),
    'the other way round': (rows) => rows.orderBy('row.customerId', 'DESC'),
    'a part of the columns': (rows) => rows.select(['row.customerId', 'row.customerName']),
    'a number of rows to skip': (rows) => rows.skip(1).take(1),
  };

  // One after the other on one instance, twice: the second time, and each after the first, finds kept statements.
  it.each([...Object.keys(NARROWED), ...Object.keys(NARROWED)])('reads what getMany reads: %s', async (name) => {
    const narrow = NARROWED[name] ?? ((rows: Builder) => rows);
    const read = await app.get(Rows).of(narrow(builder()));
    expect(read).toEqual(await narrow(builder()).getMany());
    expect(read.every((row) => row instanceof Customer)).toBe(true);
  });

  it('reads inside the open transaction what was written there', async () => {
    const database = app.get(Database);
    const work = database.transaction(async () => {
      await database.repository(Customer).update({ customerId: 1 }, { customerName: 'Antonia' });
      expect((await app.get(Rows).of(builder().limit(1)))[0]?.customerName).toBe('Antonia');
      throw new Error('undo it');
    });
    await expect(work).rejects.toThrow('undo it');
    expect((await app.get(Rows).of(builder().limit(1)))[0]?.customerName).toBe('Anna');
  });
});
