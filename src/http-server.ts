import { maxHeaderSize, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ANSWERED_UNROUTED } from './audit/access-log.hook.js';
import { type Clock, DAY } from './common/clock.js';
import { clientAddress } from './common/client-address.js';
import {
  CommonErrors,
  type DomainError,
  Forbidden,
  HeadersTooLarge,
  InvalidInput,
  RequestTimedOut,
} from './common/errors.js';
import { etagOf, VERSION } from './common/etag.js';
import { readForms } from './common/form-body.js';
import { problemBody } from './common/problem.dto.js';
import type { ProblemFilter } from './common/problem.filter.js';
import type { Principal } from './common/principal.js';
import { contextOf, enterContext, findContextOf } from './common/request-context.js';
import { requestIdFrom } from './common/request-id.js';
import { TWO_FACTOR_HEADER } from './common/step-up.decorator.js';
import type { LiveConfig } from './platform/config/live-config.js';

type ServerOptions = NonNullable<ConstructorParameters<typeof FastifyAdapter>[0]>;
/** With what Node is answering on it, if anything. */
type AnsweringSocket = Socket & { _httpMessage?: ServerResponse | null };

const BODY_LIMIT = 1_048_576;
const REQUEST_TIMEOUT_MS = 30_000;
/** Far below the 2,000 from which on Node drops fields without a word, credentials and forwarding headers among them. */
const HEADER_FIELDS = 200;

export function serverOptions(config: LiveConfig, problems: ProblemFilter, clock: Clock): ServerOptions {
  return {
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Believing forwarding headers is decided in one place of ours (clientAddress), not twice.
    trustProxy: false,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    http: { maxHeaderSize },
    genReqId: (request: { headers: Record<string, string | string[] | undefined> }) =>
      requestIdFrom(request.headers['x-request-id'], clock),
    routerOptions: { caseSensitive: true, ignoreTrailingSlash: false, maxParamLength: maxHeaderSize },
    // Before routing no hook runs: a malformed URL still gets an id, a problem, a line in the access log, and no more.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      reply.raw.once('close', () => request.server.server.emit(ANSWERED_UNROUTED, request, reply));
      begin(request, reply, config, () => problems.answer(error, request, reply));
    },
    clientErrorHandler: (cause: NodeJS.ErrnoException, socket: AnsweringSocket) => {
      refuseUnparsed(cause, socket, clock);
    },
  } as unknown as ServerOptions;
}

/** The first hook: who is asking from where, known to everything that runs for this request. */
export function requestContexts(server: FastifyInstance, config: LiveConfig): void {
  server.removeContentTypeParser('text/plain');
  readForms(server);
  server.addHook('onRequest', (request, reply, done) => {
    begin(request, reply, config, () => {
      done(refusalOf(request, config));
    });
  });
}

function refusalOf(request: FastifyRequest, config: LiveConfig): DomainError | undefined {
  if (request.raw.rawHeaders.length > HEADER_FIELDS * 2) return headersTooLarge();
  const isInsecure = config.current.http.requireHttps && !contextOf(request).isSecure && !isProbe(request);
  return isInsecure ? new Forbidden(CommonErrors.insecure) : undefined;
}

function headersTooLarge(): DomainError {
  return new HeadersTooLarge(CommonErrors.headersTooLarge, { fields: HEADER_FIELDS, bytes: maxHeaderSize });
}

/** What never became a request: Node's parser gave up. The answer is written by hand and the connection is over. */
function refuseUnparsed(cause: NodeJS.ErrnoException, socket: AnsweringSocket, clock: Clock): void {
  const isAnswering = socket._httpMessage?.headersSent === true;
  if (cause.code !== 'ECONNRESET' && socket.writable && !isAnswering) socket.write(answerTo(cause, clock));
  socket.destroy();
}

function answerTo({ code }: NodeJS.ErrnoException, clock: Clock): string {
  const error = unparsed(code);
  const { status } = error;
  const requestId = requestIdFrom(undefined, clock);
  const body = JSON.stringify(problemBody({ status, code: error.code, detail: error.message, requestId }));
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function unparsed(code: string | undefined): DomainError {
  if (code === 'HPE_HEADER_OVERFLOW') return headersTooLarge();
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestTimedOut(CommonErrors.timeout);
  return new InvalidInput(CommonErrors.malformed);
}

/** The last hooks: what every answer carries, whatever handler made it. */
export function answerShapes(server: FastifyInstance, config: LiveConfig, clock: Clock): void {
  server.addHook('preSerialization', (_request, reply, payload: { [VERSION]?: number } | null, done) => {
    const version = payload?.[VERSION];
    if (version !== undefined) reply.header('etag', etagOf(version));
    done(null, payload);
  });
  server.addHook('onSend', (request, reply, payload, done) => {
    const principal = findContextOf(request)?.principal ?? null;
    if (principal && !reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
    if (principal?.credential === 'api_key') reply.headers(keyNotices(principal, config, clock));
    if ((payload === undefined || payload === null) && reply.statusCode === 200) reply.code(204);
    done(null, payload);
  });
}

/** A key's own answers tell its owner what is coming (K18): no mail is needed to find out. */
function keyNotices({ expiresAt, isOutdated }: Principal, config: LiveConfig, clock: Clock): Record<string, string> {
  if (isOutdated) return { 'x-api-key-replaced': expiresAt ?? 'when the new value is first used' };
  const { expiringSoonDays } = config.current.apiKeyPolicy;
  const isSoon = expiresAt !== null && expiresAt <= clock.instant(expiringSoonDays * DAY);
  return isSoon ? { 'x-api-key-expires': expiresAt } : {};
}

function begin(request: FastifyRequest, reply: FastifyReply, config: LiveConfig, next: () => void): void {
  const { trustedProxies } = config.current;
  const { remoteAddress } = request.socket;
  const isTls = 'encrypted' in request.socket;
  const client = clientAddress({ remoteAddress, isTls, headers: request.headers }, trustedProxies);
  reply.header('x-request-id', request.id);
  const code = request.headers[TWO_FACTOR_HEADER];
  const twoFactorCode = typeof code === 'string' ? code : null;
  enterContext(request, { requestId: request.id, ...client, twoFactorCode, principal: null, permission: null }, next);
}

/** Probes come from the machine's own orchestrator, without TLS, and learn nothing. */
function isProbe(request: FastifyRequest): boolean {
  return request.url.startsWith('/health/');
}
