import { Injectable } from '@nestjs/common';
import { IsNull, MoreThan } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { Database } from '../../platform/database/database.js';
import { ApiKey } from '../api-key.entity.js';
import { ApiKeyRotation } from '../rotation/rotation.entity.js';

/** How many of something were made under a version of the pepper. */
export interface PepperCount {
  readonly version: number;
  readonly count: number;
}

@Injectable()
export class KeyPeppersRepository {
  constructor(private readonly database: Database) {}

  /** Those of the file are not among them: their digests are made anew at each start. */
  liveKeys(now: Instant): Promise<PepperCount[]> {
    return this.keys([{ expiryDate: IsNull() }, { expiryDate: MoreThan(now) }]);
  }

  /** Live ones, and those that an extended expiry would revive. */
  keysNotRevoked(): Promise<PepperCount[]> {
    return this.keys({});
  }

  /** Old values that still work beside the new one. */
  async oldValues(now: Instant): Promise<PepperCount[]> {
    const rows = await this.database
      .repository(ApiKeyRotation)
      .createQueryBuilder('row')
      .select('row.previousPepperVersion', 'version')
      .addSelect('COUNT(*)', 'count')
      .where({ previousValidUntil: MoreThan(now) })
      .groupBy('row.previousPepperVersion')
      .getRawMany<PepperCount>();
    return rows.map(numbers);
  }

  private async keys(condition: object | object[]): Promise<PepperCount[]> {
    const rows = await this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .select('row.pepperVersion', 'version')
      .addSelect('COUNT(*)', 'count')
      .where(`row.revokedAt IS NULL AND row.source = 'database'`)
      .andWhere(condition)
      .groupBy('row.pepperVersion')
      .getRawMany<PepperCount>();
    return rows.map(numbers);
  }
}

/** MariaDB counts in text. */
function numbers({ version, count }: PepperCount): PepperCount {
  return { version: Number(version), count: Number(count) };
}
