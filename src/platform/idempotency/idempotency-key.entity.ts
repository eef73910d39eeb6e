import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, JsonColumn, TextColumn } from '../database/columns.js';

/** What was answered to a create that carried an `Idempotency-Key`, without any secret that was shown once. */
@Entity('idempotency_keys')
@Index(['created'])
export class IdempotencyKeyRow {
  @PrimaryColumn({ type: 'varchar', length: 100 })
  principal!: string;

  @PrimaryColumn({ type: 'varchar', length: 255 })
  idempotencyKey!: string;

  @TextColumn(64)
  requestDigest!: string;

  @IntColumn({ nullable: true })
  status!: number | null;

  @JsonColumn({ nullable: true })
  response!: Record<string, unknown> | null;

  @TextColumn(64, { nullable: true })
  etag!: string | null;

  @InstantColumn()
  created!: Instant;
}
