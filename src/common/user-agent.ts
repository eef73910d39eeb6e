import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { requestOf } from './http-exchange.js';

/** What the client calls itself. Unlike `@Headers('user-agent')` it is no parameter of the API's document. */
export const UserAgent = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined => requestOf(context).headers['user-agent'],
);
