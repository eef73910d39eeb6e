import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { IdempotencyKeyRow } from './idempotency-key.entity.js';

export type NewIdempotencyKey = Pick<IdempotencyKeyRow, 'principal' | 'idempotencyKey' | 'requestDigest' | 'created'>;

@Injectable()
export class IdempotencyRepository {
  constructor(private readonly database: Database) {}

  /** False when the key is taken. A concurrent request with the same key waits here until the first one ended. */
  async claim(row: NewIdempotencyKey): Promise<boolean> {
    const rows = this.database.repository(IdempotencyKeyRow);
    await rows.createQueryBuilder().insert().values(row).orIgnore().execute();
    const { principal, idempotencyKey, created } = row;
    const mine = await rows.findOneBy({ principal, idempotencyKey });
    return mine?.status === null && mine.created === created && mine.requestDigest === row.requestDigest;
  }

  find(principal: string, idempotencyKey: string): Promise<IdempotencyKeyRow | null> {
    return this.database.repository(IdempotencyKeyRow).findOneBy({ principal, idempotencyKey });
  }

  async complete(
    key: NewIdempotencyKey,
    answer: Pick<IdempotencyKeyRow, 'status' | 'response' | 'etag'>,
  ): Promise<void> {
    const { principal, idempotencyKey } = key;
    await this.database.repository(IdempotencyKeyRow).update({ principal, idempotencyKey }, answer as never);
  }

  async removeOlderThan(created: Instant): Promise<number> {
    const removed = await this.database.repository(IdempotencyKeyRow).delete({ created: LessThan(created) });
    return removed.affected ?? 0;
  }
}
