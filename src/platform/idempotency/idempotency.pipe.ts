import { Injectable, type PipeTransform } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
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

export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface Created {
  readonly [VERSION]?: number;
}

/** Runs what creates a resource, unless the request is a retry: that gets the answer to the first. */
export type Once = <Body extends Created>(create: () => Promise<Body>) => Promise<Body>;

/**
 * `Idempotency-Key` on a POST that creates: key, row and answer are written in one transaction, so a retry gets the
 * first answer or starts afresh, and two at once create once. No interceptor, which would cost each creation without the
 * header a fifteenth of its time (bench: create).
 */
@Injectable()
export class IdempotencyPipe implements PipeTransform<Exchange, Once> {
  constructor(
    private readonly database: Database,
    private readonly keys: IdempotencyRepository,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  transform({ request, reply }: Exchange): Once {
    const sent = request.headers['idempotency-key'];
    if (sent === undefined) return (create) => create();
    if (typeof sent !== 'string' || !WELL_FORMED.test(sent)) {
      throw InvalidInput.field('/Idempotency-Key', 'the header must be 1 to 255 printable characters without blanks');
    }
    // Called by the handler, whose body has passed its rules by then: no text is made of what nests too deep.
    return (create) => this.once({ request, reply }, sent, create);
  }

  private once<Body extends Created>(exchange: Exchange, sent: string, create: () => Promise<Body>): Promise<Body> {
    const { request, reply } = exchange;
    const asked = `${request.method} ${request.url} ${JSON.stringify(request.body)}`;
    const key = this.describe(request, sent, asked);
    const isSame = (digest: string): boolean => this.secrets.isMac(PURPOSE, asked, digest);
    return this.database.transaction(async () => {
      const isNew = await this.keys.claim(key, this.clock.instant(-LIFE_MS));
      return isNew ? this.first(key, create) : this.replay(key, isSame, reply);
    });
  }

  private async first<Body extends Created>(key: NewIdempotencyKey, create: () => Promise<Body>): Promise<Body> {
    const body = await create();
    const etag = body[VERSION] === undefined ? null : String(body[VERSION]);
    const response = withoutSecretFields(body) as Record<string, unknown>;
    await this.keys.complete(key, { status: 201, response, etag });
    return body;
  }

  /** What was answered is of the type that is answered. */
  private async replay<Body extends Created>(
    key: NewIdempotencyKey,
    isSame: (digest: string) => boolean,
    reply: FastifyReply,
  ): Promise<Body> {
    const first = await this.keys.find(key.principal, key.idempotencyKey);
    // Under any version of the pepper: a rotation between a request and its retry makes no other request of it.
    if (!first || !isSame(first.requestDigest)) throw new RuleBroken(IdempotencyErrors.keyReused);
    reply.header('idempotency-replayed', 'true');
    const version = first.etag === null ? {} : { [VERSION]: Number(first.etag) };
    return { ...first.response, ...version } as unknown as Body;
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
