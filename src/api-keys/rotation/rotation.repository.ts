import { Injectable } from '@nestjs/common';
import { In, LessThanOrEqual } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { ApiKeyRotation } from './rotation.entity.js';

@Injectable()
export class RotationRepository {
  constructor(private readonly database: Database) {}

  find(apiKeyId: number): Promise<ApiKeyRotation | null> {
    return this.database.repository(ApiKeyRotation).findOneBy({ apiKeyId });
  }

  findForUpdate(apiKeyId: number): Promise<ApiKeyRotation | null> {
    const lock = this.database.writeLock;
    return this.database.repository(ApiKeyRotation).findOne({ where: { apiKeyId }, ...(lock ? { lock } : {}) });
  }

  findByPreviousDigests(digests: readonly string[]): Promise<ApiKeyRotation | null> {
    return this.database.repository(ApiKeyRotation).findOneBy({ previousDigest: In([...digests]) });
  }

  async listByPreviousDigests(digests: readonly string[]): Promise<ApiKeyRotation[]> {
    if (digests.length === 0) return [];
    return this.database.repository(ApiKeyRotation).findBy({ previousDigest: In([...digests]) });
  }

  async set(rotation: ApiKeyRotation): Promise<void> {
    await this.database.repository(ApiKeyRotation).upsert(rotation, ['apiKeyId']);
  }

  async remove(apiKeyId: number): Promise<void> {
    await this.database.repository(ApiKeyRotation).delete({ apiKeyId });
  }

  async removeOver(now: Instant): Promise<number> {
    const removed = await this.database.repository(ApiKeyRotation).delete({ previousValidUntil: LessThanOrEqual(now) });
    return removed.affected ?? 0;
  }
}
