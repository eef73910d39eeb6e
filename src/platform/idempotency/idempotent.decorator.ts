import { applyDecorators, UseInterceptors } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { Versioned } from '../../common/etag.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { IdempotencyErrors, IdempotencyInterceptor } from './idempotency.interceptor.js';

/** Beside a `@Post()` that creates a resource: 201, a version, and safe to retry with an `Idempotency-Key`. */
export function Creates(): MethodDecorator {
  return applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'A retry with the same key and body within 24 hours gets the first answer again.',
      schema: { type: 'string', maxLength: 255 },
    }),
    Versioned(),
    Refuses(422, IdempotencyErrors.keyReused),
  );
}
