import { Injectable } from '@nestjs/common';
import type { ListQuery, Page } from '../common/page.js';
import { Cursors } from '../platform/paging/cursors.js';
import { KnownPrincipals, type PrincipalSource, type Slice } from '../rbac/known-principals.js';

/** What is asked of each stretch of principals: those that are worth showing, each at its place. */
export interface Walk<Row> {
  /** Names the question: a cursor belongs to it. */
  readonly question: string;
  readonly query: ListQuery;
  readonly roleIds: readonly number[] | null;
  look(source: PrincipalSource, slice: Slice): Promise<Look<Row>>;
}

export interface Look<Row> {
  readonly found: readonly { readonly position: number; readonly row: Row }[];
  /** The last principal that was looked at; null = the source has no more. */
  readonly last: number | null;
}

interface Found<Row> {
  readonly source: number;
  readonly position: number;
  readonly row: Row;
}

const BATCH = 200;
const LIST = 'principals';

/** Goes through all principals, source by source and by id, as far as a page needs. No table holds them all together. */
@Injectable()
export class PrincipalWalk {
  constructor(
    private readonly principals: KnownPrincipals,
    private readonly cursors: Cursors,
  ) {}

  async page<Row>(walk: Walk<Row>): Promise<Page<Row>> {
    const { question, query } = walk;
    const [start, after] = query.cursor === undefined ? [0, 0] : this.cursors.decode(LIST, question, query.cursor);
    const found = await this.collect(walk, [Number(start), after], query.limit + 1);
    const shown = found.slice(0, query.limit);
    const last = found.length > query.limit ? shown.at(-1) : undefined;
    const nextCursor = last ? this.cursors.encode(LIST, question, [last.source, last.position]) : null;
    const total = query.count ? (await this.collect(walk, [0, 0], Infinity)).length : undefined;
    const rows = shown.map(({ row }) => row);
    return { rows, limit: query.limit, nextCursor, ...(total === undefined ? {} : { total }) };
  }

  private async collect<Row>(walk: Walk<Row>, [start, first]: [number, number], wanted: number): Promise<Found<Row>[]> {
    const rows: Found<Row>[] = [];
    for (const [source, it] of this.principals.sources.entries()) {
      if (source < start) continue;
      let after: number | null = source === start ? first : 0;
      while (after !== null && rows.length < wanted) {
        const { found, last }: Look<Row> = await walk.look(it, { after, limit: BATCH, roleIds: walk.roleIds });
        rows.push(...found.map(({ position, row }) => ({ source, position, row })));
        after = last;
      }
    }
    return rows;
  }
}

/** Where a stretch ended; null when it was the last. */
export function lastOf(known: readonly { readonly position: number }[], { limit }: Slice): number | null {
  return known.length < limit ? null : (known.at(-1)?.position ?? null);
}
