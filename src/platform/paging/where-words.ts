import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import { searchTerms } from '../../common/text.js';

/** Where a list looks for words. */
interface Searched {
  readonly id: string;
  /** An expression, where a reader may not search all of `row.searchText`. */
  readonly text?: string;
}

/**
 * Every word of the search is the beginning of a word of the text, or the id (spec: search). For tables of some thousand
 * rows; larger ones keep a table of words with an index.
 */
export function whereWords<Row extends ObjectLiteral>(
  rows: SelectQueryBuilder<Row>,
  search: string | undefined,
  { id, text = 'row.searchText' }: Searched,
): void {
  searchTerms(search ?? '').forEach((term, index) => {
    const pattern = `% ${term.replace(/[!%_]/g, (character) => `!${character}`)}%`;
    rows.andWhere(`(${text} LIKE :term${index} ESCAPE '!' OR row.${id} = :id${index})`, {
      [`term${index}`]: pattern,
      [`id${index}`]: asId(term),
    });
  });
}

/** 0 is nobody's id. */
function asId(term: string): number {
  return /^[1-9]\d{0,14}$/.test(term) ? Number(term) : 0;
}
