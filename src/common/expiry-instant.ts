import { type Instant, toInstant } from './clock.js';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const RFC_3339 =
  /^(\d{4}-\d{2}-\d{2})[Tt](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/**
 * When something ends (spec: rule 9): a date means the last second of that day in UTC, an RFC 3339 instant is taken as it is.
 * Null for anything else, days that no calendar has included.
 */
export function parseExpiry(text: string): Instant | null {
  const day = DATE.test(text) ? text : RFC_3339.exec(text)?.[1];
  if (day === undefined || !isCalendarDay(day)) return null;
  const instant = day === text ? `${day}T23:59:59.000Z` : toInstant(Date.parse(text.toUpperCase()));
  // An offset can push the last day of 9999 into a year of five digits, where text order ends.
  return instant.length === day.length + 'T00:00:00.000Z'.length ? instant : null;
}

function isCalendarDay(day: string): boolean {
  // Date rolls 30 February over into March, so a day that does not come back unchanged does not exist.
  const millis = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(millis) && toInstant(millis).startsWith(day);
}
