import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { BoundValue } from '../database/prepared-reads.js';
import type { Position } from './cursors.js';

/** A name that a list can be sorted by, and the entity property behind it. */
export interface SortColumn {
  readonly property: string;
  /** Rows without a value come last, whichever way the list runs. */
  readonly isNullable?: boolean;
  /** No two rows have the same value: nothing breaks ties, and its own index serves the order. */
  readonly isUnique?: boolean;
}

/** The order of a list, as asked; the id breaks ties, so that it is total. */
export interface Ordering {
  /** `name` or `-name`. */
  readonly sort: string;
  readonly column: SortColumn;
  /** The entity's id property. */
  readonly id: string;
}

export function orderingOf(sort: string, columns: Readonly<Record<string, SortColumn>>, id: string): Ordering {
  const column = columns[isDescending(sort) ? sort.slice(1) : sort];
  if (!column) throw new Error(`no sort column for ${sort}`);
  return { sort, column, id };
}

/** The values that an ordered statement speaks of when it begins after a position. */
export function startValues({ column, id }: Ordering, [value, lastId]: Position): Record<string, BoundValue> {
  return { cursorValue: column.property === id ? lastId : value, cursorId: lastId };
}

/** In order, after a position in it (null = from the beginning), by a range that an index can jump to. */
export function ordered<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  ordering: Ordering,
  start: Position | null,
): SelectQueryBuilder<Row> {
  const { column, id, sort } = ordering;
  const [direction, after] = isDescending(sort) ? (['DESC', '<'] as const) : (['ASC', '>'] as const);
  const [sorted, tie] = [`row.${column.property}`, `row.${id}`];
  const isTotal = column.isUnique === true || sorted === tie;
  if (start) {
    // The first half is what an index can jump to; the second sorts out the equal ones.
    const ties = `${sorted} ${after}= :cursorValue AND (${sorted} ${after} :cursorValue OR ${tie} ${after} :cursorId)`;
    builder.andWhere(isTotal ? `${sorted} ${after} :cursorValue` : ties).setParameters(startValues(ordering, start));
  }
  builder.addOrderBy(sorted, direction);
  return isTotal ? builder : builder.addOrderBy(tie, direction);
}

export function isDescending(sort: string): boolean {
  return sort.startsWith('-');
}
