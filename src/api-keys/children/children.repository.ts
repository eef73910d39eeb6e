import { Injectable } from '@nestjs/common';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { ApiKey } from '../api-key.entity.js';

export type ChildRow = Pick<ApiKey, 'apiKeyId' | 'name' | 'expiryDate' | 'revokedAt'>;

const IS_LIVE = 'row.revokedAt IS NULL AND (row.expiryDate IS NULL OR row.expiryDate > :now)';

/** The keys that a key made (K17). */
@Injectable()
export class ChildrenRepository {
  constructor(private readonly database: Database) {}

  /** Those that work first, each half by id. */
  listOf(parentId: number, now: Instant, limit: number): Promise<ChildRow[]> {
    return this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .select(['row.apiKeyId', 'row.name', 'row.expiryDate', 'row.revokedAt'])
      .addSelect(`CASE WHEN ${IS_LIVE} THEN 0 ELSE 1 END`, 'is_over')
      .where('row.createdByKeyId = :parentId', { parentId, now })
      .orderBy('is_over')
      .addOrderBy('row.apiKeyId')
      .limit(limit)
      .getMany();
  }

  async liveIdsOf(parentId: number, now: Instant): Promise<number[]> {
    const rows = await this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .select('row.apiKeyId', 'id')
      .where('row.createdByKeyId = :parentId', { parentId })
      .andWhere(`(${IS_LIVE})`, { now })
      .orderBy('row.apiKeyId')
      .getRawMany<{ id: number }>();
    return rows.map(({ id }) => Number(id));
  }

  /** The key alone, as it is now, and so until the transaction ends. */
  share(apiKeyId: number): Promise<ApiKey | null> {
    const lock = this.database.shareLock;
    return this.database.repository(ApiKey).findOne({ where: { apiKeyId }, ...(lock ? { lock } : {}) });
  }

  /** The key that made it, the one that made that one, and so on. */
  async ancestorIdsOf(apiKeyId: number): Promise<number[]> {
    const ids: number[] = [];
    for (let next = await this.parentIdOf(apiKeyId); next !== null; next = await this.parentIdOf(next)) ids.push(next);
    return ids;
  }

  private async parentIdOf(apiKeyId: number): Promise<number | null> {
    const select = { apiKeyId: true, createdByKeyId: true } as const;
    const row = await this.database.repository(ApiKey).findOne({ select, where: { apiKeyId } });
    return row?.createdByKeyId ?? null;
  }
}
