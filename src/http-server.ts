import { maxHeaderSize } from 'node:http';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { clientAddress } from './common/client-address.js';
import { CommonErrors, Forbidden } from './common/errors.js';
import { etagOf, VERSION } from './common/etag.js';
import type { ProblemFilter } from './common/problem.filter.js';
import { contextOf, enterContext, findContextOf } from './common/request-context.js';
import { requestIdFrom } from './common/request-id.js';
import type { LiveConfig } from './platform/config/live-config.js';

type ServerOptions = NonNullable<ConstructorParameters<typeof FastifyAdapter>[0]>;

const BODY_LIMIT = 1_048_576;
const REQUEST_TIMEOUT_MS = 30_000;
const PARAMETER_LENGTH = 200;

export function serverOptions(config: LiveConfig, problems: ProblemFilter): ServerOptions {
  return {
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Believing forwarding headers is decided in one place of ours (clientAddress), not twice.
    trustProxy: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize },
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) =>
      requestIdFrom(request.headers['x-request-id']),
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: PARAMETER_LENGTH },
    // Before routing no hook runs: a malformed URL still gets an id, a problem and no more.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      begin(request, reply, config, () => problems.answer(error, request, reply));
    },
  } as unknown as ServerOptions;
}

/** The first hook: who is asking from where, known to everything that runs for this request. */
export function requestContexts(server: FastifyInstance, config: LiveConfig): void {
  server.removeContentTypeParser('text/plain');
  server.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, config, () => {
      const isRefused = config.current.http.requireHttps && !contextOf(request).isSecure && !isProbe(request);
      done(isRefused ? new Forbidden(CommonErrors.insecure) : undefined);
    });
  });
}

/** The last hooks: what every answer carries, whatever handler made it. */
export function answerShapes(server: FastifyInstance): void {
  server.addHook('preSerialization', (_request, reply, payload: { [VERSION]?: number } | null, done) => {
    const version = payload?.[VERSION];
    if (version !== undefined) reply.header('etag', etagOf(version));
    done(null, payload);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    const isKnown = findContextOf(request)?.principal !== null;
    if (isKnown && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if ((payload === undefined || payload === null) && reply.statusCode === 200) reply.code(204);
    done(null, payload);
  });
}

function begin(request: FastifyRequest, reply: FastifyReply, config: LiveConfig, next: () => void): void {
  const { trustedProxies } = config.current;
  const { remoteAddress } = request.socket;
  const isTls = 'encrypted' in request.socket;
  const client = clientAddress({ remoteAddress, isTls, headers: request.headers }, trustedProxies);
  reply.header('x-request-id', request.id);
  enterContext(request, { requestId: request.id, ...client, principal: null }, next);
}

/** Probes come from the machine's own orchestrator, without TLS, and learn nothing. */
function isProbe(request: FastifyRequest): boolean {
  return request.url.startsWith('/health/');
}
