import { Injectable } from '@nestjs/common';
import type { EntityTarget, ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { ListQuery, Page } from '../../common/page.js';
import { Database } from '../database/database.js';
import { Rows, type Statement } from '../database/rows.js';
import { Cursors, type Position } from './cursors.js';
import { type ListDefinition, type Narrowing, narrowingsOf } from './list-definition.js';
import { isDescending, ordered, type Ordering, orderingOf, type SortColumn, startValues } from './ordering.js';

export type { SortColumn };

export interface PageRequest {
  readonly query: ListQuery;
  /** `name` or `-name`. */
  readonly sort: string;
  readonly columns: Readonly<Record<string, SortColumn>>;
  /** The entity's id property: it breaks ties, so that the order is total. */
  readonly id: string;
}

/** One request of a declared list: its filters and page, the order, and the rows that the caller may see. */
export interface ListRequest<Asked, Scope> {
  readonly query: Asked & ListQuery;
  readonly sort: string;
  readonly scope: Scope;
}

/** Combinations of filters, order and page size that are asked; the text of each is put together once. */
const CAPACITY = 1_000;

/** What is found once for each definition: its table, which cursors are signed for, and its statements by what is asked. */
interface KnownList {
  readonly list: string;
  readonly statements: Map<string, Statement<ObjectLiteral>>;
}

/** Pages by key: each page starts after the last row of the one before, so page 10,000 costs what page 1 costs. */
@Injectable()
export class Pager {
  private readonly known = new WeakMap<object, KnownList>();

  constructor(
    private readonly database: Database,
    private readonly rows: Rows,
    private readonly cursors: Cursors,
  ) {}

  /** A page of a declared list. */
  async list<Row extends ObjectLiteral, Asked extends object, Scope>(
    definition: ListDefinition<Row, Asked, Scope>,
    { query, sort, scope }: ListRequest<Asked, Scope>,
  ): Promise<Page<Row>> {
    const { list } = this.knownList(definition);
    const ordering = orderingOf(sort, definition.sorts, definition.id);
    const start = query.cursor === undefined ? null : this.cursors.decode(list, sort, query.cursor);
    const { narrowings } = narrowingsOf<Asked, Scope>(definition, scope, query);
    const stretch = { after: start && start[1], isDescending: isDescending(sort), count: query.limit + 1 };
    // Under a filter most ids of a piece may be none of the page's: one statement of the whole scope costs less.
    const isPlain = narrowings.length === 1 && ordering.column.property === definition.id;
    const pieces = (isPlain && definition.scope.pieces?.(scope, stretch)) || [scope];
    let found: Row[] = [];
    for (const piece of pieces) {
      const rows = await this.readPiece(definition, { query, sort, scope: piece }, { ordering, start });
      found = found.length === 0 ? rows : [...found, ...rows];
      if (found.length > query.limit) break;
    }
    const page = this.cut(found, query.limit, { list, ordering });
    return query.count ? { ...page, total: await this.count(definition.entity, narrowings) } : page;
  }

  private readPiece<Row extends ObjectLiteral, Asked extends object, Scope>(
    definition: ListDefinition<Row, Asked, Scope>,
    { query, sort, scope }: ListRequest<Asked, Scope>,
    { ordering, start }: { ordering: Ordering; start: Position | null },
  ): Promise<Row[]> {
    const { narrowings, key } = narrowingsOf<Asked, Scope>(definition, scope, query);
    const compile = (): Statement<Row> =>
      this.rows.compile(definition.entity, ordering.column.property, (rows) => {
        narrow(rows, narrowings);
        ordered(rows, ordering, start).limit(query.limit + 1);
      });
    const text = `${sort} ${start ? 'after' : 'begin'} ${query.limit}${key}`;
    const statement = kept(this.knownList(definition).statements, text, compile);
    const parameters = start ? startValues(ordering, start) : {};
    for (const { filter, value } of narrowings) Object.assign(parameters, filter.bind(value));
    return this.rows.read(statement, parameters);
  }

  /** The same for a list that is asked rarely: its builder (whose alias is `row`) is made for this request alone. */
  async page<Row extends ObjectLiteral>(builder: SelectQueryBuilder<Row>, request: PageRequest): Promise<Page<Row>> {
    const { query, sort } = request;
    const list = builder.expressionMap.mainAlias?.metadata.tableName ?? '';
    const ordering = orderingOf(sort, request.columns, request.id);
    const total = query.count ? await builder.clone().getCount() : undefined;
    const start = query.cursor === undefined ? null : this.cursors.decode(list, sort, query.cursor);
    const found = await read(builder, ordering, { start, count: query.limit + 1 });
    const page = this.cut(found, query.limit, { list, ordering });
    return total === undefined ? page : { ...page, total };
  }

  /** Of one row more than a page holds: whether there is a next page, and where it begins. */
  private cut<Row extends ObjectLiteral>(
    found: Row[],
    limit: number,
    { list, ordering }: { list: string; ordering: Ordering },
  ): Page<Row> {
    if (found.length <= limit) return { rows: found, limit, nextCursor: null };
    found.length = limit;
    const last = found[limit - 1] as Record<string, string | number | null>;
    const position: Position = [last[ordering.column.property] ?? null, Number(last[ordering.id])];
    return { rows: found, limit, nextCursor: this.cursors.encode(list, ordering.sort, position) };
  }

  private count<Row extends ObjectLiteral>(
    entity: EntityTarget<Row>,
    narrowings: readonly Narrowing[],
  ): Promise<number> {
    const rows = this.database.repository(entity).createQueryBuilder('row');
    narrow(rows, narrowings);
    return rows.getCount();
  }

  private knownList(definition: { readonly entity: EntityTarget<ObjectLiteral> }): KnownList {
    let known = this.known.get(definition);
    if (!known) {
      known = {
        list: this.database.tableOf(definition.entity),
        statements: new Map<string, Statement<ObjectLiteral>>(),
      };
      this.known.set(definition, known);
    }
    return known;
  }
}

function kept<Row extends ObjectLiteral>(
  statements: KnownList['statements'],
  text: string,
  compile: () => Statement<Row>,
): Statement<Row> {
  let statement = statements.get(text);
  if (!statement) {
    if (statements.size >= CAPACITY) statements.clear();
    statements.set(text, (statement = compile()));
  }
  return statement as Statement<Row>;
}

/** Those without a value come last, read for themselves: no index runs in an order that puts them there. */
async function read<Row extends ObjectLiteral>(
  builder: SelectQueryBuilder<Row>,
  ordering: Ordering,
  { start, count }: { start: Position | null; count: number },
): Promise<Row[]> {
  const { column, id } = ordering;
  if (!column.isNullable) return ordered(builder, ordering, start).limit(count).getMany();
  const present = builder.clone().andWhere(`row.${column.property} IS NOT NULL`);
  const missing = builder.andWhere(`row.${column.property} IS NULL`);
  const isPast = start?.[0] === null;
  const found = isPast ? [] : await ordered(present, ordering, start).limit(count).getMany();
  const left = count - found.length;
  if (left === 0) return found;
  const byId = { ...ordering, column: { property: id } };
  return [
    ...found,
    ...(await ordered(missing, byId, isPast ? start : null)
      .limit(left)
      .getMany()),
  ];
}

function narrow<Row extends ObjectLiteral>(rows: SelectQueryBuilder<Row>, narrowings: readonly Narrowing[]): void {
  for (const { filter, value } of narrowings) filter.where(rows, value);
}
