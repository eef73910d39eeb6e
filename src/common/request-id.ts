import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.js';
import { withoutSecrets } from './text.js';

const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Keeps a well-formed incoming id, so that a caller can follow its own request; anything else gets a new one. */
export function requestIdFrom(header: string | string[] | undefined, clock: Clock): string {
  const sent = typeof header === 'string' && WELL_FORMED.test(header) && withoutSecrets(header) === header;
  return sent ? header : timeOrdered(clock.millis());
}

let present = NaN;
/** The text of that millisecond, and the version. */
let beginning = '';

/**
 * A UUID of version 7 (RFC 9562, section 5.7): what begins with its time is added at the end of an index. Random ones land
 * all over it, and once a log is larger than the database's memory each of them costs a page from the disk.
 */
function timeOrdered(millis: number): string {
  if (millis !== present) {
    const digits = Math.trunc(millis).toString(16).padStart(12, '0');
    beginning = `${digits.slice(0, 8)}-${digits.slice(8)}-7`;
    present = millis;
  }
  return beginning + randomUUID().slice(beginning.length);
}
