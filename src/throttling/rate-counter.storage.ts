import { Injectable } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { RateCounters } from './rate-counters.js';

type StorageRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

/** `@nestjs/throttler` counts with our counters; its own storage walks every hit of the window at each request. */
@Injectable()
export class RateCounterStorage implements ThrottlerStorage {
  constructor(private readonly counters: RateCounters) {}

  increment(key: string, _ttl: number, limit: number): Promise<StorageRecord> {
    const { used, resetsInMs } = this.counters.take(key, limit);
    const isBlocked = used > limit;
    const seconds = Math.ceil(resetsInMs / 1_000);
    return Promise.resolve({
      totalHits: used,
      timeToExpire: seconds,
      isBlocked,
      timeToBlockExpire: isBlocked ? seconds : 0,
    });
  }
}
