import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ANSWERED_UNROUTED, CLIENT_CLOSED } from './audit/access-log.hook.js';
import { isCutOff, openRequests } from './common/open-requests.js';
import type { EndedRequest, RequestMetrics } from './platform/metrics/request-metrics.js';

/** Counts what the access log writes down: every request, at its end, whatever became of it. */
export function countRequests(server: FastifyInstance, metrics: RequestMetrics): void {
  const open = openRequests(server);
  open.whenBegun(() => metrics.begun());
  open.whenEnded((request, reply, isCut) => metrics.ended(endedRequest(request, reply, isCut)));
  server.server.on(ANSWERED_UNROUTED, (request: FastifyRequest, reply: FastifyReply) => {
    metrics.count(endedRequest(request, reply, isCutOff(reply)));
  });
}

function endedRequest(request: FastifyRequest, reply: FastifyReply, isCut: boolean): EndedRequest {
  return {
    route: request.routeOptions.url,
    method: request.method,
    status: isCut ? CLIENT_CLOSED : reply.statusCode,
    millis: reply.elapsedTime,
  };
}
