import { Injectable } from '@nestjs/common';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import type { PepperMark } from '../secrets/pepper.js';
import { PepperVersion } from './pepper-version.entity.js';

@Injectable()
export class PepperVersionsRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<PepperVersion[]> {
    return this.database.repository(PepperVersion).find({ order: { version: 'ASC' } });
  }

  /** What another node was faster to write stays as that node wrote it. */
  async add(marks: readonly PepperMark[], created: Instant): Promise<void> {
    const rows = marks.map((mark) => ({ ...mark, created }));
    await this.database.repository(PepperVersion).createQueryBuilder().insert().values(rows).orIgnore().execute();
  }
}
