import type { ArgumentsHost } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The request and the answer that a guard, a filter or a parameter is about. Nest's `switchToHttp()` says the same, and makes
 * three functions at each call to say it; every request passes half a dozen places that ask.
 */
export function requestOf<Request = FastifyRequest>(host: ArgumentsHost): Request {
  return host.getArgByIndex<Request>(0);
}

export function replyOf(host: ArgumentsHost): FastifyReply {
  return host.getArgByIndex<FastifyReply>(1);
}
