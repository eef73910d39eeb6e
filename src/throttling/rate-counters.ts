import { Injectable } from '@nestjs/common';
import { Clock, MINUTE } from '../common/clock.js';

export interface Count {
  readonly used: number;
  /** Milliseconds until the window ends and counting starts anew. */
  readonly resetsInMs: number;
}

interface Window {
  used: number;
  endsAt: number;
}

const WINDOW_MS = MINUTE;
/** Beyond this many counters the ones whose window is over are swept at once; an attacker cannot grow it without end. */
const CAPACITY = 100_000;

/**
 * One counter per name and minute, the minute beginning with the first use. A counter, not a list of hits: counting
 * costs the same at request 1 and at request 600. This is the seam where nodes will share counters (L4).
 */
@Injectable()
export class RateCounters {
  private readonly windows = new Map<string, Window>();
  private sweptAt = 0;

  constructor(private readonly clock: Clock) {}

  /** Counts one use. `used` is `limit + 1` for the first one over it, and stays at `limit + 2` from then on. */
  take(name: string, limit: number): Count {
    const now = this.clock.millis();
    const window = this.current(name, now);
    if (window.used <= limit + 1) window.used += 1;
    return { used: window.used, resetsInMs: window.endsAt - now };
  }

  /** Takes one use back, e.g. the failure that turned out to be a success. */
  giveBack(name: string): void {
    const window = this.windows.get(name);
    if (window && window.used > 0) window.used -= 1;
  }

  private current(name: string, now: number): Window {
    const known = this.windows.get(name);
    if (known && known.endsAt > now) return known;
    this.sweep(now);
    const window = { used: 0, endsAt: now + WINDOW_MS };
    this.windows.set(name, window);
    return window;
  }

  private sweep(now: number): void {
    const isDue = now - this.sweptAt >= WINDOW_MS;
    if (!isDue && this.windows.size < CAPACITY) return;
    this.sweptAt = now;
    for (const [name, window] of this.windows) if (window.endsAt <= now) this.windows.delete(name);
    // Still full of live ones: the oldest go. Their owners get a fresh minute, which is better than no memory left.
    for (const name of this.windows.keys()) {
      if (this.windows.size < CAPACITY) break;
      this.windows.delete(name);
    }
  }
}
