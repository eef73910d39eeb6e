import { Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, JsonColumn } from '../database/columns.js';
import type { SettingValue } from './setting-definition.js';

/** A setting that was changed at least once; every other one has its default. */
@Entity('settings')
export class SettingRow {
  @PrimaryColumn({ type: 'varchar', length: 100 })
  name!: string;

  @JsonColumn()
  value!: SettingValue;

  @IntColumn()
  version!: number;

  @InstantColumn()
  updated!: Instant;
}
