import { customer, CUSTOMER_COLUMNS, WORD_COLUMNS } from './customers.ts';
import type { Row, Store } from './store.ts';

const BATCH = 2_000;
/** From here on sorting once is cheaper than sorting in. */
const MANY = 50_000;

/** Customers 1 to `count` with their words: the same rows wherever they are written. */
export async function seedCustomers(store: Store, count: number, { words = true } = {}): Promise<void> {
  const tables = words ? ['customers', 'customer_words'] : ['customers'];
  const work = (): Promise<void> => write(store, count, words);
  await (count >= MANY ? store.withoutIndexes(tables, work) : work());
  await store.analyse(tables);
}

async function write(store: Store, count: number, withWords: boolean): Promise<void> {
  for (let first = 1; first <= count; first += BATCH) {
    const rows: Row[] = [];
    const words: Row[] = [];
    for (let id = first; id < Math.min(first + BATCH, count + 1); id += 1) {
      const made = customer(id);
      rows.push(made.row);
      if (withWords) words.push(...made.words);
    }
    await store.insert('customers', CUSTOMER_COLUMNS, rows);
    if (withWords) await store.insert('customer_words', WORD_COLUMNS, words);
  }
}
