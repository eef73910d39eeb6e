import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** `isCut`: the connection ended before the answer did. */
export type EndedListener = (request: FastifyRequest, reply: FastifyReply, isCut: boolean) => void;

/**
 * On the connection itself: its requests without an answer. No Set: V8 gives it a new table each time it becomes empty, and
 * each old one, once it lies in the old space, drags the next ones there with all that they hold.
 */
const UNANSWERED: unique symbol = Symbol('crm:unanswered');
/** On an answer whose handler is done with it. */
const HANDLED: unique symbol = Symbol('crm:handled');

type Connection = Socket & { [UNANSWERED]?: Answer[] };
type Answer = FastifyReply & { [HANDLED]?: true };

const watched = new WeakMap<FastifyInstance, OpenRequests>();

/** Whoever asks first decides which hooks run before it. */
export function openRequests(server: FastifyInstance): OpenRequests {
  let open = watched.get(server);
  if (!open) watched.set(server, (open = new OpenRequests(server)));
  return open;
}

/**
 * Tells of each routed request once, when it is over: answered, or cut off. Fastify itself says nothing of the latter.
 * The connection is asked, not the answer: one that waits behind another in a pipeline never learns that it is lost.
 */
export class OpenRequests {
  /** How many are being answered. */
  size = 0;
  private readonly begun: (() => void)[] = [];
  private readonly ended: EndedListener[] = [];

  constructor(server: FastifyInstance) {
    server.addHook('onRequest', (request, reply, done) => {
      this.size += 1;
      this.unansweredOn(request.raw.socket).push(reply);
      for (const tell of this.begun) tell();
      done();
    });
    // A handler that is still at work for nobody is waited for: only then is it known who asked, and for what.
    server.addHook('onSend', (request, reply: Answer, payload, done) => {
      reply[HANDLED] = true;
      if (request.raw.socket.destroyed) this.end(request, reply, true);
      done(null, payload);
    });
    server.addHook('onResponse', (request, reply, done) => {
      this.end(request, reply, isCutOff(reply));
      done();
    });
  }

  whenBegun(listener: () => void): void {
    this.begun.push(listener);
  }

  whenEnded(listener: EndedListener): void {
    this.ended.push(listener);
  }

  private unansweredOn(socket: Connection): Answer[] {
    const known = socket[UNANSWERED];
    if (known) return known;
    const unanswered: Answer[] = [];
    socket[UNANSWERED] = unanswered;
    socket.once('close', () => {
      for (const reply of [...unanswered]) if (reply[HANDLED]) this.end(reply.request, reply, true);
    });
    return unanswered;
  }

  private end(request: FastifyRequest, reply: FastifyReply, isCut: boolean): void {
    if (!remove(reply, (request.raw.socket as Connection)[UNANSWERED])) return;
    this.size -= 1;
    for (const tell of this.ended) tell(request, reply, isCut);
  }
}

/** False where it is not there any more. */
function remove(reply: Answer, unanswered: Answer[] = []): boolean {
  const at = unanswered.indexOf(reply);
  if (at !== -1) unanswered.splice(at, 1);
  return at !== -1;
}

/** To be asked once the answer is over, well or badly. */
export function isCutOff(reply: FastifyReply): boolean {
  return !reply.raw.writableFinished;
}
