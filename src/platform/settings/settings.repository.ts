import { Injectable } from '@nestjs/common';
import type { Instant } from '../../common/clock.js';
import { Database } from '../database/database.js';
import type { SettingValue } from './setting-definition.js';
import { SettingRow } from './setting.entity.js';

@Injectable()
export class SettingsRepository {
  constructor(private readonly database: Database) {}

  all(): Promise<SettingRow[]> {
    return this.database.repository(SettingRow).find();
  }

  /** Whoever calls it holds the lock of all settings. */
  async set(name: string, value: SettingValue, updated: Instant): Promise<void> {
    const rows = this.database.repository(SettingRow);
    const known = await rows.findOneBy({ name });
    if (known) await rows.update({ name }, { value, version: known.version + 1, updated });
    else await rows.insert({ name, value, version: 1, updated });
  }
}
