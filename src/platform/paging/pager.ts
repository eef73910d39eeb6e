import { Injectable } from '@nestjs/common';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { InvalidInput } from '../../common/errors.js';
import type { ListQuery, Page } from '../../common/page.js';
import { Rows } from '../database/rows.js';
import { Secrets } from '../secrets/secrets.service.js';

/** A name that a list can be sorted by, and the entity property behind it. */
export interface SortColumn {
  readonly property: string;
  /** Rows without a value come last, whichever way the list runs. */
  readonly isNullable?: boolean;
  /** No two rows have the same value: nothing breaks ties, and its own index serves the order. */
  readonly isUnique?: boolean;
}

export interface PageRequest {
  readonly query: ListQuery;
  /** `name` or `-name`. */
  readonly sort: string;
  readonly columns: Readonly<Record<string, SortColumn>>;
  /** The entity's id property: it breaks ties, so that the order is total. */
  readonly id: string;
}

type CursorValue = string | number | null;

/** Pages by key: each page starts after the last row of the one before, so page 10,000 costs what page 1 costs. */
@Injectable()
export class Pager {
  constructor(
    private readonly secrets: Secrets,
    private readonly reader: Rows,
  ) {}

  /** Adds order, limit and cursor to `builder` (whose alias is `row`) and runs it. */
  async page<Row extends ObjectLiteral>(builder: SelectQueryBuilder<Row>, request: PageRequest): Promise<Page<Row>> {
    const { query, sort, id } = request;
    const column = request.columns[sort.startsWith('-') ? sort.slice(1) : sort];
    if (!column) throw new Error(`no sort column for ${sort}`);
    const total = query.count ? await builder.clone().getCount() : undefined;
    const found = await this.read(builder, request, column);
    const rows = found.slice(0, query.limit);
    const last = found.length > query.limit ? rows.at(-1) : undefined;
    const position = last && ([last[column.property], last[id]] as [CursorValue, number]);
    const nextCursor = position ? this.encode(listOf(builder), sort, position) : null;
    return { rows, limit: query.limit, nextCursor, ...(total === undefined ? {} : { total }) };
  }

  /** One row more than the page holds, where there is one. */
  private async read<Row extends ObjectLiteral>(
    builder: SelectQueryBuilder<Row>,
    { query, sort, id }: PageRequest,
    column: SortColumn,
  ): Promise<Row[]> {
    const position = query.cursor === undefined ? null : this.decode(listOf(builder), sort, query.cursor);
    const order = { column, id, isDescending: sort.startsWith('-') };
    if (!column.isNullable) return this.reader.of(ordered(builder, order, position).limit(query.limit + 1));
    // Those without a value come last, read for themselves: no index runs in an order that puts them there.
    const [present, missing] = [builder.clone(), builder];
    present.andWhere(`row.${column.property} IS NOT NULL`);
    missing.andWhere(`row.${column.property} IS NULL`);
    const isPast = position?.[0] === null;
    const found = isPast ? [] : await this.reader.of(ordered(present, order, position).limit(query.limit + 1));
    const left = query.limit + 1 - found.length;
    if (left === 0) return found;
    const byId = { ...order, column: { property: id } };
    return [...found, ...(await this.reader.of(ordered(missing, byId, isPast ? position : null).limit(left)))];
  }

  /**
   * Signed for its list, so that a cursor that somebody wrote, bent or took elsewhere is a 400 and not a query of their
   * own. For lists that no table holds the callers put in order themselves.
   */
  encode(list: string, sort: string, position: [CursorValue, number]): string {
    const payload = Buffer.from(JSON.stringify([sort, ...position])).toString('base64url');
    return `${payload}.${this.secrets.mac(purposeOf(list), payload).slice(0, TAG_LENGTH)}`;
  }

  decode(list: string, sort: string, cursor: string): [CursorValue, number] {
    const [payload = '', mac = '', ...rest] = cursor.split('.');
    if (rest.length > 0 || !this.secrets.isMac(purposeOf(list), payload, mac, TAG_LENGTH)) {
      throw InvalidInput.field('/cursor', 'is not a cursor of this list: hand back page.next_cursor as it came');
    }
    const decoded = Buffer.from(payload, 'base64url').toString();
    const [forSort, value, id] = JSON.parse(decoded) as [string, CursorValue, number];
    if (forSort !== sort) throw InvalidInput.field('/cursor', `belongs to sort=${forSort}: start again without it`);
    return [value, id];
  }
}

const TAG_LENGTH = 16;

function purposeOf(list: string): string {
  return `cursor/${list}`;
}

function listOf<Row extends ObjectLiteral>(builder: SelectQueryBuilder<Row>): string {
  return builder.expressionMap.mainAlias?.metadata.tableName ?? '';
}

/** In order, after a position in it. */
function ordered<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  { column, id, isDescending }: { column: SortColumn; id: string; isDescending: boolean },
  position: [CursorValue, number] | null,
): SelectQueryBuilder<Row> {
  const [direction, after] = isDescending ? (['DESC', '<'] as const) : (['ASC', '>'] as const);
  const [sorted, tie] = [`row.${column.property}`, `row.${id}`];
  const isTotal = column.isUnique === true || sorted === tie;
  if (position) {
    const [value, lastId] = position;
    // The first half is what an index can jump to; the second sorts out the equal ones.
    const ties = `${sorted} ${after}= :cursorValue AND (${sorted} ${after} :cursorValue OR ${tie} ${after} :cursorId)`;
    builder.andWhere(isTotal ? `${sorted} ${after} :cursorValue` : ties);
    builder.setParameters({ cursorValue: sorted === tie ? lastId : value, cursorId: lastId });
  }
  builder.addOrderBy(sorted, direction);
  return isTotal ? builder : builder.addOrderBy(tie, direction);
}
