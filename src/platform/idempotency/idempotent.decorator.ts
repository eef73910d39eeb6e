import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { replyOf, requestOf } from '../../common/http-exchange.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { type Exchange, IdempotencyErrors, IdempotencyPipe } from './idempotency.pipe.js';

const WithExchange = createParamDecorator(
  (_: unknown, context: ExecutionContext): Exchange => ({ request: requestOf(context), reply: replyOf(context) }),
  [document],
);

/** Hands a `@Post()` that creates a resource what makes it safe to retry: it runs the work once for each `Idempotency-Key`. */
export function Idempotent(): ParameterDecorator {
  return WithExchange(IdempotencyPipe);
}

/** Whoever takes the parameter says so in OpenAPI by that alone. */
function document(target: object, method: string | symbol | undefined): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, method ?? '');
  if (!descriptor) return;
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description: 'A retry with the same key and body within 24 hours gets the first answer again.',
    schema: { type: 'string', maxLength: 255 },
  })(target, method ?? '', descriptor);
  Refuses(422, IdempotencyErrors.keyReused)(target, method ?? '', descriptor);
}
