import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from './http-exchange.js';
import type { Principal } from './principal.js';
import { contextOf } from './request-context.js';

/** Hands the principal that the authentication guard set to a handler. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = contextOf(requestOf(context));
  if (!principal) throw new Error('a handler without a principal asked for one: it must be @Public and not ask');
  return principal;
});
