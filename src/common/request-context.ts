import { AsyncLocalStorage } from 'node:async_hooks';
import type { FastifyRequest } from 'fastify';
import type { IpAddress } from './ip-range.js';
import type { Principal } from './principal.js';

/** What every floor may know about the request it works for. */
export interface RequestContext {
  readonly requestId: string;
  /** The client's address in canonical text, as far as trusted proxies vouch for it. */
  readonly address: string;
  readonly ip: IpAddress | null;
  /** Forwarding headers came from a peer that is no trusted proxy: such a request is never judged by address. */
  readonly forwardedByStranger: boolean;
  /** The address is a trusted proxy's own: nobody is behind it, so it is never judged by address either. */
  readonly isProxy: boolean;
  readonly isSecure: boolean;
  /** The second factor that was sent along, as it was sent. */
  readonly twoFactorCode: string | null;
  principal: Principal | null;
  /** The permission that let the request in, once it is in: what was really made use of. */
  permission: string | null;
}

const storage = new AsyncLocalStorage<RequestContext>();
/** On the raw request itself: a WeakMap of all that are open costs the garbage collector more than all that is in them. */
const CONTEXT: unique symbol = Symbol('crm:context');

type Raw = FastifyRequest['raw'] & { [CONTEXT]?: RequestContext };

/** Runs the rest of the request inside its context. The raw request carries it too, for hooks that fire outside. */
export function enterContext(request: FastifyRequest, context: RequestContext, next: () => void): void {
  (request.raw as Raw)[CONTEXT] = context;
  storage.run(context, next);
}

export function contextOf(request: FastifyRequest): RequestContext {
  const context = findContextOf(request);
  if (!context) throw new Error('the request context hook did not run');
  return context;
}

export function findContextOf(request: FastifyRequest): RequestContext | undefined {
  return (request.raw as Raw)[CONTEXT];
}

/** The context of the request that is being answered, or undefined in jobs and on the command line. */
export function currentContext(): RequestContext | undefined {
  return storage.getStore();
}
