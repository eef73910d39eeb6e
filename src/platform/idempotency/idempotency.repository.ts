import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import { IdempotencyKeyRow } from './idempotency-key.entity.js';

export type NewIdempotencyKey = Pick<IdempotencyKeyRow, 'principal' | 'idempotencyKey' | 'requestDigest' | 'created'>;

@Injectable()
export class IdempotencyRepository {
  constructor(private readonly database: Database) {}

  /**
   * False when the key is taken since `over` or later. A concurrent request with the same key waits here until the first
   * one ended, so a row without a status is one's own. Nothing is swept here: that would lock what others are inserting.
   */
  async claim(row: NewIdempotencyKey, over: Instant): Promise<boolean> {
    const rows = this.database.repository(IdempotencyKeyRow);
    await rows.createQueryBuilder().insert().values(row).orIgnore().execute();
    const { principal, idempotencyKey } = row;
    const there = await rows.findOneBy({ principal, idempotencyKey });
    if (there?.status === null) return true;
    // Most are asked again within their time: writing would have all who wait here lock each other out.
    if (there && there.created >= over) return false;
    const anew = { ...row, status: null, response: null, etag: null };
    const renewed = await rows.update({ principal, idempotencyKey, created: LessThan(over) }, anew);
    return renewed.affected === 1;
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
