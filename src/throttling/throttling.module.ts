import { Module } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { MINUTE } from '../common/clock.js';
import { AttemptLimiter } from './attempt-limiter.js';
import { RateCounterStorage } from './rate-counter.storage.js';
import { RateCounters } from './rate-counters.js';
import { Refusals } from './refusals.js';

@Module({ providers: [RateCounters, RateCounterStorage], exports: [RateCounters, RateCounterStorage] })
class RateCountersModule {}

@Module({
  imports: [
    RateCountersModule,
    ThrottlerModule.forRootAsync({
      imports: [RateCountersModule],
      inject: [RateCounterStorage],
      // The limit is the principal's own and is looked up at each request; what stands here is never counted by.
      useFactory: (storage: RateCounterStorage) => ({ throttlers: [{ ttl: MINUTE, limit: 0 }], storage }),
    }),
  ],
  providers: [AttemptLimiter, Refusals],
  exports: [AttemptLimiter, Refusals, ThrottlerModule],
})
export class ThrottlingModule {}
