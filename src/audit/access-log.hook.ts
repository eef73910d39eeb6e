import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '../common/clock.js';
import { isCutOff, whenEnded } from '../common/ended-requests.js';
import { findContextOf } from '../common/request-context.js';
import { logLine } from '../common/text.js';
import type { AnsweredRequest } from './access-logs.repository.js';
import type { AccessLogsService } from './access-logs.service.js';
import type { LastUseService } from './last-use.service.js';

export interface AccessLogParts {
  readonly accessLogs: AccessLogsService;
  readonly lastUse: LastUseService;
  readonly clock: Clock;
}

/** What the server's own emitter says after it answered a request that it could not route. */
export const ANSWERED_UNROUTED = 'crm:answered-unrouted';

/** Client closed request: the connection ended before the answer did, so nobody knows what of it arrived. */
export const CLIENT_CLOSED = 499;

/**
 * Hangs the access log on the server itself: a denied request never reaches an interceptor, but every request ends here,
 * also one whose client hung up before its answer.
 */
export function keepAccessLog(server: FastifyInstance, { accessLogs, lastUse, clock }: AccessLogParts): void {
  const keep = (request: FastifyRequest, reply: FastifyReply, isCut: boolean): void => {
    const at = clock.instant();
    const what = whatOf(request, reply);
    const entry = { at, ...whoOf(request), ...what, status: isCut ? CLIENT_CLOSED : what.status };
    const principal = findContextOf(request)?.principal;
    if (principal) lastUse.note(principal, { at, address: entry.address });
    accessLogs.append(entry);
  };
  whenEnded(server, keep);
  server.server.on(ANSWERED_UNROUTED, (request: FastifyRequest, reply: FastifyReply) => {
    keep(request, reply, isCutOff(reply));
  });
}

type Who = Pick<
  AnsweredRequest,
  'actorKind' | 'actorId' | 'actorName' | 'isOutdated' | 'address' | 'requestId' | 'permission'
>;

function whoOf(request: FastifyRequest): Who {
  const context = findContextOf(request);
  const { address = 'unknown', requestId = request.id.slice(0, 64), permission = null } = context ?? {};
  const about = { address, requestId, permission };
  const principal = context?.principal;
  if (!principal) return { actorKind: null, actorId: null, actorName: null, isOutdated: false, ...about };
  const { kind, id, name, isOutdated } = principal;
  return { actorKind: kind, actorId: id, actorName: name.slice(0, 200), isOutdated, ...about };
}

function whatOf(request: FastifyRequest, reply: FastifyReply): Omit<AnsweredRequest, 'at' | keyof Who> {
  const { url } = request.routeOptions;
  const device = request.headers['user-agent'];
  return {
    method: request.method.slice(0, 16),
    path: logLine(request.url.split('?', 1)[0] ?? '', 500),
    route: url === undefined ? null : url.slice(0, 200),
    status: reply.statusCode,
    userAgent: device === undefined ? null : logLine(device, 256),
    durationMs: Math.round(reply.elapsedTime),
  };
}
