import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiExtension, ApiHeader } from '@nestjs/swagger';
import { CommonErrors, PreconditionFailed } from './errors.js';
import { requestOf } from './http-exchange.js';
import { Refuses } from './refuses.decorator.js';

/**
 * A response class sets this to the row's version; the server's hook makes the header of it. Symbols are not serialised.
 * It stands last in an object: what follows a computed name is added field by field, for each row of a list.
 */
export const VERSION: unique symbol = Symbol('crm:version');

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** What `If-Match` demands (RFC 9110 13.1.1): null = nothing. */
export type Precondition = string | null;

export const IfMatch = createParamDecorator(
  (_: unknown, context: ExecutionContext): Precondition => requestOf(context).headers['if-match'] ?? null,
  [documentPrecondition],
);

/** Whoever takes the parameter says so in OpenAPI by that alone. */
function documentPrecondition(target: object, method: string | symbol | undefined): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, method ?? '');
  if (!descriptor) return;
  const description = 'The `ETag` that you read: the change is made only if nobody made another one since.';
  ApiHeader({ name: 'If-Match', required: false, description, schema: { type: 'string' } })(
    target,
    method ?? '',
    descriptor,
  );
  Refuses(412, CommonErrors.preconditionFailed)(target, method ?? '', descriptor);
}

/** The mark by which the OpenAPI document shows the header `ETag`. */
export const VERSIONED = 'x-versioned';

/** Says in OpenAPI that the answer carries the row's version; the response class must have `[VERSION]`. */
export function Versioned(): MethodDecorator {
  return ApiExtension(VERSIONED, true);
}

/** 412 unless one of the listed tags is the row's own. Weak tags never match here: RFC 9110 asks for strong comparison. */
export function assertMatches(precondition: Precondition, version: number): void {
  if (precondition === null || precondition.trim() === '*') return;
  const tags = precondition.split(',').map((tag) => tag.trim());
  if (!tags.includes(etagOf(version))) {
    throw new PreconditionFailed(CommonErrors.preconditionFailed, { etag: etagOf(version) });
  }
}
