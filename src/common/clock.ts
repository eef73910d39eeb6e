/** An instant in RFC 3339 form, UTC, exactly three digits of milliseconds: text order is time order. */
export type Instant = string;

/** The one source of time. Tests hand in their own; nobody else asks the machine what time it is. */
export abstract class Clock {
  /** Milliseconds since the epoch. */
  abstract millis(): number;

  instant(offsetMillis = 0): Instant {
    return toInstant(this.millis() + offsetMillis);
  }
}

export class SystemClock extends Clock {
  override millis(): number {
    return Date.now();
  }
}

const MILLIS = Array.from({ length: 1_000 }, (_, millis) => `${String(millis).padStart(3, '0')}Z`);
let second = NaN;
/** The text of that second, up to its milliseconds. */
let beginning = '';

/** Asked at every request, mostly for the present second: spelling a whole date costs more than finding who asks. */
export function toInstant(millis: number): Instant {
  const whole = Math.trunc(millis);
  const since = ((whole % SECOND) + SECOND) % SECOND;
  if (whole - since !== second) {
    beginning = new Date(whole - since).toISOString().slice(0, -MILLIS_LENGTH);
    second = whole - since;
  }
  return beginning + (MILLIS[since] ?? '');
}

const MILLIS_LENGTH = '000Z'.length;

export function toMillis(instant: Instant): number {
  return Date.parse(instant);
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
