import { type Clock, SECOND } from '../../common/clock.js';

const REUSED_MS = 5 * SECOND;
const PATIENCE_MS = SECOND;

/**
 * What has to be asked of the database: at most once in five seconds, one question at a time, however many scrape. Null
 * where it cannot be told within a second, so that a database that is away takes no scrape with it.
 */
export class Recent<T> {
  private askedAt = -Infinity;
  private answer: Promise<T | null> = Promise.resolve(null);
  private isAsking = false;

  constructor(
    private readonly clock: Clock,
    private readonly ask: () => Promise<T>,
  ) {}

  async get(): Promise<T | null> {
    const now = this.clock.millis();
    if (!this.isAsking && now - this.askedAt >= REUSED_MS) {
      this.askedAt = now;
      this.isAsking = true;
      this.answer = this.ask()
        .catch(() => null)
        .finally(() => (this.isAsking = false));
    }
    const late = Promise.withResolvers<null>();
    const timer = setTimeout(late.resolve, PATIENCE_MS, null);
    return Promise.race([this.answer, late.promise]).finally(() => clearTimeout(timer));
  }
}
