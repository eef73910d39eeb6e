import { customer, CUSTOMER_COLUMNS } from '../data/customers.ts';
import { type Stage, LARGE, SMALL, type SystemName } from '../systems/stage.ts';
import { Credentials } from './credentials.ts';
import type { Target } from './run.ts';
import type { Goal, Scenario } from './scenario.ts';

const PAGE = 25;
const STEP = 100;
/** Somebody who is there in both sets. */
const SOUGHT = customer(5_000).row;

interface Side {
  readonly system: SystemName;
  /** The thousandth page, or as far into the small set as it goes. */
  readonly farPage: number;
  readonly by: Credentials;
}

/** What of a request depends on the data it meets. */
interface Question {
  readonly query: (side: Side) => Promise<string> | string;
  readonly isOwn?: boolean;
}

/** The product with a million customers beside the product with ten thousand: the same question should cost the same. */
export function millionScenarios(stage: Stage): Scenario[] {
  const small: Side = { system: 'product', farPage: SMALL / PAGE - 10, by: new Credentials(stage, 'product') };
  const large: Side = { system: 'million', farPage: 1_000, by: new Credentials(stage, 'million') };
  const beside = (name: string, title: string, goal: Goal | null, question: Question): Scenario => ({
    name: `million-${name}`,
    title: `${(LARGE / 1e6).toFixed(0)} million ÷ ${SMALL / 1e3} thousand: ${title}`,
    goal,
    subject: target(large, question),
    baseline: target(small, question),
    isLong: true,
  });
  const same: Goal = { figure: 'p50', most: 1.3 };
  return [
    beside('page-1', 'page 1', same, { query: () => '' }),
    beside('page-1000', 'page 1,000 by cursor', same, { query: afterFarPage }),
    beside('filter', 'filter by status', same, { query: () => '&status=suspended' }),
    beside('search-name', 'search by name prefix', same, { query: byPrefixOfName }),
    beside('search-broad', 'search that finds three in a hundred', null, { query: () => '&search=ber' }),
    beside('search-email', 'search by e-mail', same, { query: () => `&search=${encoded('email')}` }),
    beside('own', 'own-scoped', same, { query: () => '', isOwn: true }),
  ];
}

function target(side: Side, { query, isOwn = false }: Question): Target {
  return {
    system: side.system,
    request: async () => ({
      path: `/crm/customers?limit=${PAGE}${await query(side)}`,
      headers: await (isOwn ? side.by.ownKey() : side.by.key()),
    }),
  };
}

interface List {
  readonly page: { readonly next_cursor: string | null };
}

/** Walks there by pages of a hundred, as any client must. */
async function afterFarPage({ by, farPage }: Side): Promise<string> {
  const client = await by.client();
  await client.logIn();
  let cursor = '';
  for (let rows = 0; rows < farPage * PAGE; rows += STEP) {
    const { page } = await client.get<List>(`/crm/customers?limit=${STEP}${cursor}`);
    cursor = `&cursor=${page.next_cursor ?? ''}`;
  }
  return cursor;
}

/** The longest beginning of the name that fills a page: one finds about as many here as there. */
async function byPrefixOfName({ by }: Side): Promise<string> {
  const client = await by.client();
  await client.logIn();
  const [name = ''] = encoded('name_key').split('%20');
  for (let length = name.length; length > 1; length -= 1) {
    const query = `&search=${name.slice(0, length)}`;
    if ((await client.get<List>(`/crm/customers?limit=${PAGE}${query}`)).page.next_cursor !== null) return query;
  }
  throw new Error(`nobody is called like ${name}`);
}

function encoded(column: string): string {
  return encodeURIComponent(String(SOUGHT[CUSTOMER_COLUMNS.indexOf(column)]));
}
