import type { JsonRowsText } from '../platform/database/json-rows.js';
import type { AnsweredRequest, NewAccessLog } from './answered-request.js';
import { UsageTally } from './usage/usage-tally.js';

/** What 500 lines take, as a rule, and what is added when they do not fit: a hundred batches may have to wait. */
const BYTES = 192 * 1_024;
const [BEGIN, COMMA, END] = [0x5b, 0x2c, 0x5d];

/** Short ones first: whoever takes a line apart walks from its beginning to each value. */
const PROPERTIES = [
  'status',
  'isOutdated',
  'actorId',
  'durationMs',
  'method',
  'actorKind',
  'address',
  'actorName',
  'at',
  'route',
  'path',
  'requestId',
  'userAgent',
] as const satisfies readonly (keyof NewAccessLog)[];

/**
 * Lines of the access log on their way to the database, as the text that it takes them in, and what is counted of them.
 * They wait for a quarter of a second: as objects, V8 would move each of them into its old space, and sweep that for them.
 */
export class AccessLogBatch {
  private bytes = Buffer.allocUnsafeSlow(BYTES);
  private length = 0;
  private tally = new UsageTally();
  lines = 0;

  get usage(): UsageTally {
    return this.tally;
  }

  add(request: AnsweredRequest): void {
    const text = JSON.stringify(valuesOf(request));
    // A code unit is three bytes at most; one more for what stands before it, one for the end.
    this.makeRoom(text.length * 3 + 2);
    this.bytes[this.length] = this.lines === 0 ? BEGIN : COMMA;
    this.length += 1 + this.bytes.write(text, this.length + 1);
    this.lines += 1;
    this.tally.count(request);
  }

  /** `json` is only good until another line comes. */
  rows(firstId: number): JsonRowsText {
    this.bytes[this.length] = END;
    return { properties: PROPERTIES, json: this.bytes.subarray(0, this.length + 1), firstId };
  }

  /** To be filled again. */
  clear(): void {
    this.length = 0;
    this.lines = 0;
    this.tally = new UsageTally();
  }

  private makeRoom(needed: number): void {
    if (this.length + needed <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(this.length + needed + BYTES);
    this.bytes.copy(larger, 0, 0, this.length);
    this.bytes = larger;
  }
}

/** As the database has them. What was cut to its length may end in half a surrogate pair, which no JSON may hold. */
function valuesOf(line: NewAccessLog): unknown[] {
  return PROPERTIES.map((property) => {
    const value = line[property];
    if (typeof value === 'string') return value.toWellFormed();
    return typeof value === 'boolean' ? Number(value) : value;
  });
}
