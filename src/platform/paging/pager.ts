import { Injectable } from '@nestjs/common';
import { Brackets, type ObjectLiteral, type SelectQueryBuilder } from 'typeorm';
import { InvalidInput } from '../../common/errors.js';
import type { ListQuery, Page } from '../../common/page.js';
import { Rows } from '../database/rows.js';
import { Secrets } from '../secrets/secrets.service.js';

/** A name that a list can be sorted by, and the entity property behind it. */
export interface SortColumn {
  readonly property: string;
  /** Rows without a value come last, whichever way the list runs. */
  readonly isNullable?: boolean;
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
    const isDescending = sort.startsWith('-');
    const column = request.columns[isDescending ? sort.slice(1) : sort];
    if (!column) throw new Error(`no sort column for ${sort}`);
    const total = query.count ? await builder.clone().getCount() : undefined;
    if (query.cursor !== undefined) this.seek(builder, request, column);
    order(builder, column, id, isDescending ? 'DESC' : 'ASC');
    const found = await this.reader.of(builder.limit(query.limit + 1));
    const rows = found.slice(0, query.limit);
    const last = found.length > query.limit ? rows.at(-1) : undefined;
    const position = last && ([last[column.property], last[id]] as [CursorValue, number]);
    const nextCursor = position ? this.encode(listOf(builder), sort, position) : null;
    return { rows, limit: query.limit, nextCursor, ...(total === undefined ? {} : { total }) };
  }

  private seek<Row extends ObjectLiteral>(
    builder: SelectQueryBuilder<Row>,
    request: PageRequest,
    column: SortColumn,
  ): void {
    const [value, id] = this.decode(listOf(builder), request.sort, request.query.cursor ?? '');
    const after = request.sort.startsWith('-') ? '<' : '>';
    const [sorted, tie] = [`row.${column.property}`, `row.${request.id}`];
    builder.setParameters({ cursorValue: value, cursorId: id });
    if (column.property === request.id) {
      builder.andWhere(`${tie} ${after} :cursorId`);
    } else if (value === null) {
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

function order<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  column: SortColumn,
  id: string,
  direction: 'ASC' | 'DESC',
): void {
  const sorted = `row.${column.property}`;
  if (column.isNullable) {
    builder.addSelect(`CASE WHEN ${sorted} IS NULL THEN 1 ELSE 0 END`, 'is_missing').addOrderBy('is_missing', 'ASC');
  }
  builder.addOrderBy(sorted, direction);
  if (column.property !== id) builder.addOrderBy(`row.${id}`, direction);
}
