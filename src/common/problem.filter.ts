import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CommonErrors, DomainError, type ErrorDefinition, InternalError } from './errors.js';
import { replyOf, requestOf } from './http-exchange.js';
import { problemBody, ProblemResponse } from './problem.dto.js';
import { findContextOf } from './request-context.js';
import { statusRuleOf } from './status-rule.js';

interface Problem {
  readonly body: ProblemResponse;
  readonly headers: Readonly<Record<string, string>>;
}

/** The one place that turns what was thrown into what is answered (RFC 9457). */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Problem');

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, requestOf(host), replyOf(host));
  }

  /** Also called for what fails before routing (malformed URL, over-long parameter). */
  answer(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    // A body that is already on its way cannot be replaced by a problem; the connection is cut instead.
    if (reply.raw.headersSent) {
      reply.raw.destroy();
      return;
    }
    const { body, headers } = describe(error, request);
    if (body.code === InternalError.code) this.logger.error(error instanceof Error ? error : new Error(String(error)));
    void reply
      .code(body.status)
      .headers({ ...headers })
      .type('application/problem+json')
      .send(JSON.stringify(body));
  }
}

function describe(error: unknown, request: FastifyRequest): Problem {
  const requestId = findContextOf(request)?.requestId ?? request.id;
  const statusOf = statusRuleOf(request);
  if (error instanceof DomainError) return fromDomain(error, statusOf(error.status, error.code), requestId);
  const { status: own, definition, parameters } = fromFramework(error, request);
  const status = statusOf(own, definition.code);
  return {
    body: problemBody({ status, code: definition.code, detail: fill(definition, parameters), requestId }),
    headers: {},
  };
}

function fromDomain(error: DomainError, status: number, requestId: string): Problem {
  const { errors, missingPermissions, headers = {} } = error.extras;
  const body = problemBody({ status, code: error.code, detail: error.message, requestId });
  if (errors) body.errors = [...errors];
  if (missingPermissions) body.missing_permissions = [...missingPermissions];
  return { body, headers: { ...challenge(status, missingPermissions), ...headers } };
}

/** RFC 6750: 401 carries a challenge, and so does a 403 for want of a right. Who presented nothing gets a plain one. */
function challenge(status: number, missing: readonly string[] | undefined): Record<string, string> {
  if (status === 403 && missing) {
    return { 'www-authenticate': `Bearer error="insufficient_scope", scope="${missing.join(' ')}"` };
  }
  return status === 401 ? { 'www-authenticate': 'Bearer error="invalid_token"' } : {};
}

interface FrameworkProblem {
  readonly status: number;
  readonly definition: ErrorDefinition;
  readonly parameters: Record<string, string | number>;
}

/** Fastify and Nest speak in statuses; anything they do not put below 500 is ours to hide. */
function fromFramework(error: unknown, request: FastifyRequest): FrameworkProblem {
  const status = statusOf(error);
  // The file server's word for whoever tries to leave its folder: there is nothing there.
  if (status === 403) return fromFramework(new NotFoundException(), request);
  const known: Record<number, ErrorDefinition> = {
    404: CommonErrors.noSuchRoute,
    413: CommonErrors.tooLarge,
    415: CommonErrors.unsupportedMediaType,
  };
  if (status >= 500) return { status: 500, definition: InternalError, parameters: {} };
  return {
    status,
    definition: known[status] ?? (isBadUrl(error) ? CommonErrors.malformed : CommonErrors.unreadable),
    parameters: {
      path: request.url.split('?', 1)[0] ?? '',
      limit: request.routeOptions?.bodyLimit ?? 0,
      reason: error instanceof Error ? `${error.message}.`.replace(/\.\.$/, '.') : '',
    },
  };
}

function isBadUrl(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'FST_ERR_BAD_URL';
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

function fill(definition: ErrorDefinition, parameters: Record<string, string | number>): string {
  return definition.detail.replace(/\{(\w+)\}/g, (_, name: string) => String(parameters[name] ?? '')).trim();
}
