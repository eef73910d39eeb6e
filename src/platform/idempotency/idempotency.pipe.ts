import { type CallHandler, type ExecutionContext, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { firstValueFrom, from, type Observable } from 'rxjs';
import { Clock, DAY } from '../../common/clock.js';
import { defineErrors, InvalidInput, RuleBroken } from '../../common/errors.js';
import { VERSION } from '../../common/etag.js';
import { principalKey } from '../../common/principal.js';
import { contextOf } from '../../common/request-context.js';
import { withoutSecretFields } from '../../common/secret.decorator.js';
import { Database } from '../database/database.js';
import { Secrets } from '../secrets/secrets.service.js';
import { IdempotencyRepository, type NewIdempotencyKey } from './idempotency.repository.js';

export const IdempotencyErrors = defineErrors('idempotency', {
  keyReused: 'This Idempotency-Key was used with another request. Take a new key for a new request.',
});

export const LIFE_MS = DAY;
const PURPOSE = 'idempotency';
const WELL_FORMED = /^[\x21-\x7e]{1,255}$/;

type Body = Record<string, unknown> & { [VERSION]?: number };

/**
 * `Idempotency-Key` on a POST that creates: key, row and answer are written in one transaction, so a retry gets the
 * first answer or starts afresh, and two at once create once.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly database: Database,
    private readonly keys: IdempotencyRepository,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler<Body>): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const sent = request.headers['idempotency-key'];
    if (sent === undefined) return next.handle();
    if (typeof sent !== 'string' || !WELL_FORMED.test(sent)) {
      throw InvalidInput.field('/Idempotency-Key', 'the header must be 1 to 255 printable characters without blanks');
    }
    const asked = `${request.method} ${request.url} ${JSON.stringify(request.body)}`;
    const key = this.describe(request, sent, asked);
    const isSame = (digest: string): boolean => this.secrets.isMac(PURPOSE, asked, digest);
    const once = async (): Promise<unknown> => {
      const isNew = await this.keys.claim(key, this.clock.instant(-LIFE_MS));
      return isNew ? this.first(key, next) : this.replay(key, isSame, http.getResponse<FastifyReply>());
    };
    return from(this.database.transaction(once));
  }

  private async first(key: NewIdempotencyKey, next: CallHandler<Body>): Promise<Body> {
    const body = await firstValueFrom(next.handle());
    const etag = body[VERSION] === undefined ? null : String(body[VERSION]);
    await this.keys.complete(key, { status: 201, response: withoutSecretFields(body), etag });
    return body;
  }

  private async replay(
    key: NewIdempotencyKey,
    isSame: (digest: string) => boolean,
    reply: FastifyReply,
  ): Promise<Body> {
    const first = await this.keys.find(key.principal, key.idempotencyKey);
    // Under any version of the pepper: a rotation between a request and its retry makes no other request of it.
    if (!first || !isSame(first.requestDigest)) throw new RuleBroken(IdempotencyErrors.keyReused);
    reply.header('idempotency-replayed', 'true');
    return { ...first.response, ...(first.etag === null ? {} : { [VERSION]: Number(first.etag) }) };
  }

  private describe(request: FastifyRequest, idempotencyKey: string, asked: string): NewIdempotencyKey {
    const { principal } = contextOf(request);
    return {
      principal: principal ? principalKey(principal).slice(0, 100) : 'nobody',
      idempotencyKey,
      // Keyed: a body may hold something secret, and its digest must not let anybody guess it.
      requestDigest: this.secrets.mac(PURPOSE, asked),
      created: this.clock.instant(),
    };
  }
}
