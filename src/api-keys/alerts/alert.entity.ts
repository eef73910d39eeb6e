import { Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, JsonColumn, TextColumn } from '../../platform/database/columns.js';

export type AlertKind = 'new_address' | 'used_after_silence' | 'unusual_volume';

/** An alert that was raised. The unique index is what makes each one be told once, however many nodes look. */
@Entity('api_key_alerts')
@Index('uq_api_key_alerts_api_key_id_kind_value', ['apiKeyId', 'kind', 'value'], { unique: true })
@ForeignKey('api_keys', ['apiKeyId'], ['apiKeyId'], { onDelete: 'CASCADE' })
export class ApiKeyAlert {
  @PrimaryGeneratedColumn()
  alertId!: number;

  @IntColumn()
  apiKeyId!: number;

  @TextColumn(24)
  kind!: AlertKind;

  /** What makes it one and the same: the address; the hour of the use, or the last one of a flood of addresses. */
  @TextColumn(64)
  value!: string;

  @InstantColumn()
  at!: Instant;

  @JsonColumn({ nullable: true })
  details!: object | null;
}
