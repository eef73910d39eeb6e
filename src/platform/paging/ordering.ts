import { Brackets, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import type { BoundValue } from '../database/prepared-reads.js';
import type { Position } from './cursors.js';

/** A name that a list can be sorted by, and the entity property behind it. */
export interface SortColumn {
  readonly property: string;
  /** Rows without a value come last, whichever way the list runs. */
  readonly isNullable?: boolean;
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

/** Everything after a position that the text depends on. */
export function kindOf(start: Position | null): string {
  return start === null ? 'begin' : start[0] === null ? 'null' : 'after';
}

/** The values that `seek` speaks of. */
export function seekValues({ column, id }: Ordering, [value, last]: Position): Record<string, BoundValue> {
  return column.property === id || value === null ? { cursorId: last } : { cursorValue: value, cursorId: last };
}

/** Narrows to what comes after the position, by a range that an index can jump to. */
export function seek<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  ordering: Ordering,
  position: Position,
): void {
  const { column, id, sort } = ordering;
  const after = isDescending(sort) ? '<' : '>';
  const [sorted, tie] = [`row.${column.property}`, `row.${id}`];
  builder.setParameters(seekValues(ordering, position));
  if (column.property === id) {
    builder.andWhere(`${tie} ${after} :cursorId`);
  } else if (position[0] === null) {
    builder.andWhere(`${sorted} IS NULL AND ${tie} ${after} :cursorId`);
  } else {
    builder.andWhere(
      new Brackets((where) => {
        // The first half is what an index can jump to; the second sorts out the equal ones.
        where.where(
          `${sorted} ${after}= :cursorValue AND ` +
            `(${sorted} ${after} :cursorValue OR (${sorted} = :cursorValue AND ${tie} ${after} :cursorId))`,
        );
        if (column.isNullable) where.orWhere(`${sorted} IS NULL`);
      }),
    );
  }
}

export function order<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  { column, id, sort }: Ordering,
): void {
  const sorted = `row.${column.property}`;
  const direction = isDescending(sort) ? 'DESC' : 'ASC';
  if (column.isNullable) {
    builder.addSelect(`CASE WHEN ${sorted} IS NULL THEN 1 ELSE 0 END`, 'is_missing').addOrderBy('is_missing', 'ASC');
  }
  builder.addOrderBy(sorted, direction);
  if (column.property !== id) builder.addOrderBy(`row.${id}`, direction);
}

function isDescending(sort: string): boolean {
  return sort.startsWith('-');
}
