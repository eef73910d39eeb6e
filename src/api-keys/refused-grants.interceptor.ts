import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { catchError, type Observable } from 'rxjs';
import { AuditService } from '../audit/audit.service.js';
import { DomainError } from '../common/errors.js';
import { requestOf } from '../common/http-exchange.js';
import { ApiKeyErrors } from './api-keys.errors.js';

/** Whoever is refused with one of these reached for more than they have. */
const REFUSED_GRANTS = new Set(
  [ApiKeyErrors.outdatedValue, ApiKeyErrors.ownEdit, ApiKeyErrors.beyondParent].map(codeOf),
);

/** Records refusals about keys as the security events that they are (U1), wherever they are decided; the answer waits. */
@Injectable()
export class RefusedGrantsInterceptor implements NestInterceptor {
  constructor(private readonly audit: AuditService) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { params } = requestOf<FastifyRequest<{ Params: { api_key_id?: string } }>>(context);
    return next.handle().pipe(catchError((error: unknown) => this.record(error, Number(params.api_key_id))));
  }

  private async record(error: unknown, apiKeyId: number): Promise<never> {
    if (error instanceof DomainError && REFUSED_GRANTS.has(error.code)) {
      const subject = Number.isSafeInteger(apiKeyId) ? { type: 'api_key', id: apiKeyId } : null;
      await this.audit.recordSecurity({ event: 'authz_fail', subject, after: { refused: error.code } });
    }
    throw error;
  }
}

function codeOf({ code }: { readonly code: string }): string {
  return code;
}
