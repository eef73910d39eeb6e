import { Injectable } from '@nestjs/common';
import { In, type SelectQueryBuilder } from 'typeorm';
import type { ListQuery, Page } from '../common/page.js';
import { foldedKey, longestWords, searchTerms, searchWords } from '../common/text.js';
import { Database } from '../platform/database/database.js';
import { NewRows } from '../platform/database/new-rows.js';
import { Rows, type Statement } from '../platform/database/rows.js';
import { type Filter, type ListDefinition, where } from '../platform/paging/list-definition.js';
import { Pager } from '../platform/paging/pager.js';
import { reaches, type RowScope, within } from '../rbac/row-scope.js';
import { Customer, CustomerWord } from './customer.entity.js';
import { ListCustomersQuery } from './customers.dto.js';

/** What a caller decides about a row; keys and words are derived from it here. */
export type CustomerValues = Omit<Customer, 'customerId' | 'nameKey' | 'countryKey' | 'accountManagerKey'>;

@Injectable()
export class CustomersRepository {
  private one: Statement<Customer> | undefined;

  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
    private readonly rows: Rows,
    private readonly newRows: NewRows,
  ) {}

  /** Null when there is no such row within the scope: foreign and absent are the same. */
  async find(scope: RowScope, customerId: number): Promise<Customer | null> {
    if (!reaches(scope, { customerId })) return null;
    this.one ??= this.rows.compile(Customer, 'customerId', (rows) => {
      rows.where('row.customerId = :customerId', { customerId });
    });
    const [row] = await this.rows.read(this.one, { customerId });
    return row ?? null;
  }

  /** The same, locked until the transaction ends: two edits of one row follow each other. */
  findForUpdate(scope: RowScope, customerId: number): Promise<Customer | null> {
    const rows = this.within(scope).andWhere('row.customerId = :customerId', { customerId });
    if (this.database.writeLock) rows.setLock(this.database.writeLock.mode);
    return rows.getOne();
  }

  async whichExist(customerIds: readonly number[]): Promise<number[]> {
    const rows = await this.database
      .repository(Customer)
      .find({ select: { customerId: true }, where: { customerId: In([...customerIds]) } });
    return rows.map((row) => row.customerId);
  }

  list(scope: RowScope, query: ListCustomersQuery): Promise<Page<Customer>> {
    return this.pager.list(LIST, { query, sort: query.sort ?? 'customer_id', scope });
  }

  async insert(values: CustomerValues): Promise<Customer> {
    const row = await this.newRows.add(Customer, { ...values, ...keysOf(values) });
    await this.insertWords(row);
    return row;
  }

  async update(row: Customer): Promise<void> {
    const { customerId, ...values } = row;
    await this.database.repository(Customer).update({ customerId }, { ...values, ...keysOf(values) });
    await this.database.repository(CustomerWord).delete({ customerId });
    await this.insertWords(row);
  }

  async remove(customerId: number): Promise<void> {
    await this.database.repository(Customer).delete({ customerId });
  }

  countAll(): Promise<number> {
    return this.database.repository(Customer).count();
  }

  private within(scope: RowScope): SelectQueryBuilder<Customer> {
    const rows = this.database.repository(Customer).createQueryBuilder('row');
    if (scope.kind === 'all') return rows;
    if (scope.customerIds.length === 0) return rows.where('1 = 0');
    return rows.where('row.customerId IN (:...own)', { own: scope.customerIds });
  }

  private async insertWords({ customerId, customerName, email, phone }: Customer): Promise<void> {
    const found = [idWord(customerId), ...longestWords(searchWords(customerName, email, phone))];
    await this.newRows.addAll(
      CustomerWord,
      found.map((word) => ({ customerId, word })),
    );
  }
}

function keysOf(values: Pick<Customer, 'customerName' | 'country' | 'accountManager'>): Partial<Customer> {
  const { customerName, country, accountManager } = values;
  return {
    nameKey: foldedKey(customerName, 200),
    countryKey: country === null ? null : foldedKey(country, 100),
    accountManagerKey: accountManager === null ? null : foldedKey(accountManager, 100),
  };
}

/** As long as a word can be, of the last code point there is: every word that begins with a term sorts below both together. */
const LAST = '\u{10FFFF}'.repeat(64);

/**
 * For each term a range over the index of words. The id is one of the words, so that no `OR` beside the range makes both
 * databases read every customer: what a search costs follows what it finds.
 */
const SEARCH: Filter<string> = {
  shape: (text) => searchTerms(text).length,
  where: (rows, text) => {
    searchTerms(text).forEach((_, index) => {
      const found = rows
        .subQuery()
        .select(`word${index}.customerId`)
        .from(CustomerWord, `word${index}`)
        .where(`word${index}.word >= :term${index} AND word${index}.word < :beyond${index}`)
        .orWhere(`word${index}.word = :id${index}`)
        .getQuery();
      rows.andWhere(`row.customerId IN ${found}`);
    });
    rows.setParameters(SEARCH.bind(text));
  },
  bind: (text) =>
    Object.fromEntries(
      searchTerms(text).flatMap((term, index) => [
        [`term${index}`, term],
        [`beyond${index}`, term + LAST],
        [`id${index}`, idWord(term)],
      ]),
    ),
};

type Asked = Omit<ListCustomersQuery, keyof ListQuery | 'sort'>;

const LIST: ListDefinition<Customer, Asked, RowScope> = {
  entity: Customer,
  id: 'customerId',
  sorts: {
    customer_id: { property: 'customerId' },
    customer_name: { property: 'nameKey' },
    created: { property: 'created' },
    updated: { property: 'updated' },
  },
  scope: within('row.customerId'),
  filters: {
    status: where('status', 'row.status = :status'),
    customer_type: where('type', 'row.customerType = :type'),
    country: where('country', 'row.countryKey = :country', (text) => foldedKey(text, 100)),
    account_manager: where('manager', 'row.accountManagerKey = :manager', (text) => foldedKey(text, 100)),
    created_from: where('createdFrom', 'row.created >= :createdFrom'),
    created_to: where('createdTo', 'row.created < :createdTo'),
    search: SEARCH,
  },
};

/** Behind a blank, which no other word has: an id is found as a whole, never by its beginning. */
function idWord(id: string | number): string {
  return ` ${id}`;
}
