import type { EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { BoundValue } from '../database/prepared-reads.js';
import type { Parameters } from '../database/rows.js';
import type { SortColumn } from './ordering.js';

type Builder = SelectQueryBuilder<ObjectLiteral>;

/** How one thing that is asked narrows a list: `where` makes the text, once for each shape of value; `bind` the values. */
export interface Filter<Value> {
  /** What of a value the text depends on, e.g. how many words it has; nothing when absent. */
  readonly shape?: (value: Value) => string | number;
  readonly where: (rows: Builder, value: Value) => void;
  readonly bind: (value: Value) => Parameters;
}

/** The rows of a list by id that a page wants. */
export interface Stretch {
  /** The last id of the page before. */
  readonly after: number | null;
  readonly isDescending: boolean;
  readonly count: number;
}

export interface ScopeFilter<Scope> extends Filter<Scope> {
  /**
   * The scope as a stretch meets it: piece by piece, each before the next in the order of ids. A scope that lists ids
   * need not be bound whole where the first few fill the page.
   */
  readonly pieces?: (scope: Scope, stretch: Stretch) => Iterable<Scope>;
}

/** A list as its repository declares it: its statements are made of nothing else, one for each combination asked. */
export interface ListDefinition<Row extends ObjectLiteral, Asked, Scope> {
  readonly entity: EntityTarget<Row>;
  /** The entity's id property: it breaks ties, so that the order is total. */
  readonly id: string;
  /** Of columns that have a value in each row. */
  readonly sorts: Readonly<Record<string, Omit<SortColumn, 'isNullable'>>>;
  /** Always asked: the rows that the caller may see. */
  readonly scope: ScopeFilter<Scope>;
  readonly filters: { readonly [Name in keyof Asked]-?: Filter<NonNullable<Asked[Name]>> };
}

/** What of a definition narrows it. */
type Narrowed<Asked, Scope> = Pick<ListDefinition<ObjectLiteral, Asked, Scope>, 'scope' | 'filters'>;

/** One filter that is in use, with its value. */
export interface Narrowing {
  readonly filter: Filter<unknown>;
  readonly value: unknown;
}

/** `condition` is about `row`, the value being `:name`; `to` makes the column's form of it, e.g. a folded one. */
export function where<Value extends BoundValue>(
  name: string,
  condition: string,
  to: (value: Value) => BoundValue = (value) => value,
): Filter<Value> {
  const bind = (value: Value): Parameters => ({ [name]: to(value) });
  return { where: (rows, value) => void rows.andWhere(condition, bind(value)), bind };
}

type Entries = readonly (readonly [name: string, filter: Filter<unknown>])[];

const known = new WeakMap<object, Entries>();

/** The filters of a definition never change: they are listed once. */
function entriesOf(filters: object): Entries {
  let entries = known.get(filters);
  if (!entries) known.set(filters, (entries = Object.entries(filters) as [string, Filter<unknown>][]));
  return entries;
}

/** What is asked of a list, as it narrows it, and the key of the text that comes of it. */
export function narrowingsOf<Asked extends object, Scope>(
  { scope, filters }: Narrowed<Asked, Scope>,
  reach: Scope,
  asked: Asked,
): { narrowings: Narrowing[]; key: string } {
  const narrowings: Narrowing[] = [{ filter: scope as Filter<unknown>, value: reach }];
  let key = shapeOf(scope as Filter<unknown>, reach);
  for (const [name, filter] of entriesOf(filters)) {
    // Looking up what is not there costs V8 twenty times as much as asking whether it is.
    if (!Object.hasOwn(asked, name)) continue;
    const value = (asked as Record<string, unknown>)[name];
    if (value === undefined || value === null) continue;
    key += ` ${name}${shapeOf(filter, value)}`;
    narrowings.push({ filter, value });
  }
  return { narrowings, key };
}

function shapeOf({ shape }: Filter<unknown>, value: unknown): string {
  return shape ? `=${shape(value)}` : '';
}
