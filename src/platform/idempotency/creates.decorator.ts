import { applyDecorators, Post, UseInterceptors } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { IdempotencyInterceptor } from './idempotency.interceptor.js';

/** A POST that creates a resource: 201, and safe to retry with an `Idempotency-Key`. */
export function Creates(path = ''): MethodDecorator {
  return applyDecorators(
    Post(path),
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'A retry with the same key and body within 24 hours gets the first answer again.',
    }),
  );
}
