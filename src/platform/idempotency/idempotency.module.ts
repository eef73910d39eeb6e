import { Global, Module } from '@nestjs/common';
import { IdempotencyPipe } from './idempotency.pipe.js';
import { IdempotencyJobs } from './idempotency.jobs.js';
import { IdempotencyRepository } from './idempotency.repository.js';

@Global()
@Module({
  providers: [IdempotencyPipe, IdempotencyRepository, IdempotencyJobs],
  exports: [IdempotencyPipe, IdempotencyRepository],
})
export class IdempotencyModule {}
