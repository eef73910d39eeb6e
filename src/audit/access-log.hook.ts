import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { boundedMemo } from '../common/bounded-memo.js';
import type { Clock, Instant } from '../common/clock.js';
import { isCutOff, openRequests } from '../common/open-requests.js';
import { findContextOf } from '../common/request-context.js';
import { logLine } from '../common/text.js';
import type { AccessLogsService } from './access-logs.service.js';
import type { AnsweredRequest } from './answered-request.js';
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
    const entry = entryOf(request, reply, { at: clock.instant(), isCut });
    const principal = findContextOf(request)?.principal;
    if (principal) lastUse.note(principal, entry);
    accessLogs.append(entry);
  };
  openRequests(server).whenEnded(keep);
  server.server.on(ANSWERED_UNROUTED, (request: FastifyRequest, reply: FastifyReply) => {
    keep(request, reply, isCutOff(reply));
  });
}

function entryOf(
  request: FastifyRequest,
  reply: FastifyReply,
  { at, isCut }: { at: Instant; isCut: boolean },
): AnsweredRequest {
  const { principal, address, requestId, permission } = findContextOf(request) ?? NOBODY;
  const route = request.routeOptions.url;
  const device = request.headers['user-agent'];
  return {
    at,
    actorKind: principal && principal.kind,
    actorId: principal && principal.id,
    actorName: principal && cut(principal.name, 200),
    method: cut(request.method, 16),
    path: logLine(pathOf(request.url), 500),
    route: route === undefined ? null : cut(route, 200),
    status: isCut ? CLIENT_CLOSED : reply.statusCode,
    address,
    userAgent: device === undefined ? null : agentLine(device),
    durationMs: Math.round(reply.elapsedTime),
    isOutdated: principal?.isOutdated ?? false,
    requestId: requestId ?? cut(request.id, 64),
    permission,
  };
}

/** A request that failed before it was known who asks. */
const NOBODY = { principal: null, address: 'unknown', requestId: null, permission: null };

/** The same programs call again and again. */
const agentLine = boundedMemo(1_000, (device: string) => logLine(device, 256));

function pathOf(url: string): string {
  const end = url.indexOf('?');
  return end === -1 ? url : url.slice(0, end);
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length);
}
