import { Injectable } from '@nestjs/common';
import { InvalidInput } from '../../common/errors.js';
import { Secrets } from '../secrets/secrets.service.js';

/** The last row of a page: the value that the list is sorted by, and its id. */
export type Position = readonly [value: string | number | null, id: number];

const TAG_LENGTH = 16;
/** A few hundred bytes each, whatever the columns: positions are cut where names are. */
const CAPACITY = 2_000;

/**
 * Positions as clients carry them. Signed for their list, so that a cursor that somebody wrote, bent or took elsewhere is
 * a 400 and not a query of their own.
 */
@Injectable()
export class Cursors {
  /** By what they say: who reads a list again and again ends its first page at the same row. */
  private readonly made = new Map<string, string>();

  constructor(private readonly secrets: Secrets) {
    secrets.onPepperChange(() => this.made.clear());
  }

  encode(list: string, sort: string, position: Position): string {
    const [value, id] = position;
    const key = `${list} ${sort} ${id} ${typeof value} ${value}`;
    let cursor = this.made.get(key);
    if (cursor === undefined) {
      if (this.made.size >= CAPACITY) this.made.clear();
      this.made.set(key, (cursor = this.make(list, sort, position)));
    }
    return cursor;
  }

  private make(list: string, sort: string, position: Position): string {
    const payload = Buffer.from(JSON.stringify([sort, ...position])).toString('base64url');
    return `${payload}.${this.secrets.mac(purposeOf(list), payload).slice(0, TAG_LENGTH)}`;
  }

  decode(list: string, sort: string, cursor: string): Position {
    const [payload = '', mac = '', ...rest] = cursor.split('.');
    if (rest.length > 0 || !this.secrets.isMac(purposeOf(list), payload, mac, TAG_LENGTH)) {
      throw InvalidInput.field('/cursor', 'is not a cursor of this list: hand back page.next_cursor as it came');
    }
    const decoded = Buffer.from(payload, 'base64url').toString();
    const [forSort, ...position] = JSON.parse(decoded) as [string, ...Position];
    if (forSort !== sort) throw InvalidInput.field('/cursor', `belongs to sort=${forSort}: start again without it`);
    return position;
  }
}

function purposeOf(list: string): string {
  return `cursor/${list}`;
}
