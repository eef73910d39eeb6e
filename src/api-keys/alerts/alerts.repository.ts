import { Injectable } from '@nestjs/common';
import { MoreThanOrEqual } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { ApiKey } from '../api-key.entity.js';
import { ApiKeyAlert } from './alert.entity.js';

@Injectable()
export class AlertsRepository {
  constructor(private readonly database: Database) {}

  /** Keys that are alive and were used since then. */
  async usedSince(moment: Instant): Promise<ApiKey[]> {
    return this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .where('row.lastUsedAt >= :moment AND row.revokedAt IS NULL', { moment })
      .orderBy('row.apiKeyId')
      .getMany();
  }

  /** What was told of a key since then. */
  async toldSince(apiKeyId: number, moment: Instant): Promise<Pick<ApiKeyAlert, 'kind' | 'value'>[]> {
    return this.database
      .repository(ApiKeyAlert)
      .find({ select: { kind: true, value: true }, where: { apiKeyId, at: MoreThanOrEqual(moment) } });
  }

  async isKnown(apiKeyId: number, { kind, value }: Pick<ApiKeyAlert, 'kind' | 'value'>): Promise<boolean> {
    return this.database.repository(ApiKeyAlert).existsBy({ apiKeyId, kind, value });
  }

  async insert(alert: Omit<ApiKeyAlert, 'alertId'>): Promise<void> {
    await this.database.repository(ApiKeyAlert).insert(alert);
  }
}
