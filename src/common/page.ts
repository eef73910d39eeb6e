import { ApiProperty } from '@nestjs/swagger';
import { Flag, Integer, Text } from './fields.js';

/** What every list takes. A feature's own query adds `sort` with its own names, and its filters. */
export class ListQuery {
  /** How many rows a page holds. */
  @Integer({ min: 1, max: 100, optional: true, query: true })
  limit: number = 25;

  /** `page.next_cursor` of the page before. */
  @Text({ max: 4_000, optional: true })
  cursor?: string;

  /** Whether to count all rows that match, which costs. */
  @Flag({ optional: true, query: true })
  count?: boolean;
}

/** One page in a total order. `total` only when it was asked for. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly limit: number;
  readonly nextCursor: string | null;
  readonly total?: number;
}

export class PageResponse {
  @ApiProperty({ example: 25 })
  limit!: number;

  /** Hand it back as `cursor` for the next page; null at the end. */
  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor!: string | null;

  /** How many rows match in all; only with `count=true`. */
  @ApiProperty({ required: false, example: 312 })
  total?: number;
}

export interface ListResponse<Item> {
  data: Item[];
  page: PageResponse;
}

/** The wire form of a page: `{data, page}`. */
export function listResponse<Row, Item>(page: Page<Row>, present: (row: Row) => Item): ListResponse<Item> {
  const { limit, nextCursor, total } = page;
  return {
    data: page.rows.map((row) => present(row)),
    page: { limit, next_cursor: nextCursor, ...(total === undefined ? {} : { total }) },
  };
}

/** The class that OpenAPI shows for a list of `item`. */
export function listResponseOf<Item>(item: new () => Item): new () => ListResponse<Item> {
  class ItemList implements ListResponse<Item> {
    @ApiProperty({ type: [item] })
    data!: Item[];

    @ApiProperty()
    page!: PageResponse;
  }
  Object.defineProperty(ItemList, 'name', { value: item.name.replace(/Response$/, 'List') });
  return ItemList;
}
