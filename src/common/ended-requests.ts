import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** `isCut`: the connection ended before the answer did. */
export type EndedListener = (request: FastifyRequest, reply: FastifyReply, isCut: boolean) => void;

/** The unanswered requests of one connection, and whether their handler is done with each. */
type Unanswered = Map<FastifyReply, boolean>;

/** On the connection itself, which is asked three times for each request. */
const UNANSWERED: unique symbol = Symbol('crm:unanswered');

type Connection = Socket & { [UNANSWERED]?: Unanswered };

const told = new WeakMap<FastifyInstance, EndedListener[]>();

/**
 * Tells of each routed request once, when it is over: answered, or cut off. Fastify itself says nothing of the latter.
 * The connection is asked, not the answer: one that waits behind another in a pipeline never learns that it is lost.
 */
export function whenEnded(server: FastifyInstance, listener: EndedListener): void {
  const others = told.get(server);
  if (others) {
    others.push(listener);
    return;
  }
  const listeners = [listener];
  told.set(server, listeners);
  const end = (request: FastifyRequest, reply: FastifyReply, isCut: boolean): void => {
    if (!unansweredOf(request)?.delete(reply)) return;
    for (const tell of listeners) tell(request, reply, isCut);
  };
  server.addHook('onRequest', (request, reply, done) => {
    const socket: Connection = request.raw.socket;
    let unanswered = socket[UNANSWERED];
    if (!unanswered) {
      const opened: Unanswered = new Map();
      socket[UNANSWERED] = unanswered = opened;
      socket.once('close', () => {
        for (const [cut, isHandled] of opened) if (isHandled) end(cut.request, cut, true);
      });
    }
    unanswered.set(reply, false);
    done();
  });
  // A handler that is still at work for nobody is waited for: only then is it known who asked, and for what.
  server.addHook('onSend', (request, reply, payload, done) => {
    const unanswered = unansweredOf(request);
    if (request.raw.socket.destroyed) end(request, reply, true);
    else if (unanswered?.has(reply)) unanswered.set(reply, true);
    done(null, payload);
  });
  server.addHook('onResponse', (request, reply, done) => {
    end(request, reply, isCutOff(reply));
    done();
  });
}

function unansweredOf({ raw }: FastifyRequest): Unanswered | undefined {
  return (raw.socket as Connection)[UNANSWERED];
}

/** To be asked once the answer is over, well or badly. */
export function isCutOff(reply: FastifyReply): boolean {
  return !reply.raw.writableFinished;
}
