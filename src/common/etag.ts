import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { CommonErrors, PreconditionFailed } from './errors.js';

/** A response class sets this to the row's version; the server's hook makes the header of it. Symbols are not serialised. */
export const VERSION: unique symbol = Symbol('crm:version');

export function etagOf(version: number): string {
  return `"${version}"`;
}

/** What `If-Match` demands (RFC 9110 13.1.1): null = nothing. */
export type Precondition = string | null;

export const IfMatch = createParamDecorator((_: unknown, context: ExecutionContext): Precondition => {
  const header = context.switchToHttp().getRequest<FastifyRequest>().headers['if-match'];
  return header ?? null;
});

/** 412 unless one of the listed tags is the row's own. Weak tags never match here: RFC 9110 asks for strong comparison. */
export function assertMatches(precondition: Precondition, version: number): void {
  if (precondition === null || precondition.trim() === '*') return;
  const tags = precondition.split(',').map((tag) => tag.trim());
  if (!tags.includes(etagOf(version))) {
    throw new PreconditionFailed(CommonErrors.preconditionFailed, { etag: etagOf(version) });
  }
}
