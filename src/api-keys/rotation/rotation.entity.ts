import { Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, TextColumn } from '../../platform/database/columns.js';

/** The value that a key had before it was regenerated, for as long as it still works beside the new one. */
@Entity('api_key_rotations')
@Index('uq_api_key_rotations_previous_digest', ['previousDigest'], { unique: true })
@ForeignKey('api_keys', ['apiKeyId'], ['apiKeyId'], { onDelete: 'CASCADE' })
export class ApiKeyRotation {
  @PrimaryColumn({ type: 'int' })
  apiKeyId!: number;

  @TextColumn(64)
  previousDigest!: string;

  @IntColumn()
  previousPepperVersion!: number;

  @TextColumn(32)
  previousMask!: string;

  /** When the old value stops working at the latest; the new one's first use may bring it forward. */
  @InstantColumn()
  previousValidUntil!: Instant;

  @IntColumn({ nullable: true })
  retireSecondsAfterFirstUse!: number | null;

  @InstantColumn({ nullable: true })
  firstUsedAt!: Instant | null;

  @InstantColumn()
  created!: Instant;
}
