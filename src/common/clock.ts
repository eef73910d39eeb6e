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

let lastMillis = NaN;
let lastInstant: Instant = '';

/** Asked several times within one millisecond, mostly for that very one. */
export function toInstant(millis: number): Instant {
  if (millis !== lastMillis) {
    lastInstant = new Date(millis).toISOString();
    lastMillis = millis;
  }
  return lastInstant;
}

export function toMillis(instant: Instant): number {
  return Date.parse(instant);
}

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
