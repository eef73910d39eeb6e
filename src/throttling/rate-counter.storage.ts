import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateCounters } from './rate-counters.js';

type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** `@nestjs/throttler` counts with our counters; its own storage walks every hit of the window at each request. */
@Injectable()
export class RateCounterStorage implements ThrottlerStorage {
  constructor(private readonly counters: RateCounters) {}

  /** The same as `increment`, at once: these counters are this node's own, and nobody need wait for them. */
  take(key: string, limit: number): StorageRecord {
    const { used, resetsInMs } = this.counters.take(key, limit);
    const isBlocked = used > limit;
    const seconds = Math.ceil(resetsInMs / 1_000);
    return { totalHits: used, timeToExpire: seconds, isBlocked, timeToBlockExpire: isBlocked ? seconds : 0 };
  }

  increment(key: string, _ttl: number, limit: number): Promise<StorageRecord> {
    return Promise.resolve(this.take(key, limit));
  }
}
