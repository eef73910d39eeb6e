import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { BigIntColumn, FlagColumn, InstantColumn, IntColumn, TextColumn } from '../platform/database/columns.js';

/** One answered request, refused ones included. Written in batches, off the request's path. */
@Entity('access_logs')
@Index(['at', 'accessId'])
@Index(['actorKind', 'actorId', 'accessId'])
@Index(['status', 'accessId'])
@Index(['address', 'accessId'])
@Index(['route', 'accessId'])
@Index(['requestId'])
export class AccessLog {
  @PrimaryColumn({ type: 'bigint', transformer: { from: Number, to: (value: unknown) => value } })
  accessId!: number;

  @InstantColumn()
  at!: Instant;

  @TextColumn(20, { nullable: true })
  actorKind!: string | null;

  @BigIntColumn({ nullable: true })
  actorId!: number | null;

  @TextColumn(200, { nullable: true })
  actorName!: string | null;

  @TextColumn(16)
  method!: string;

  @TextColumn(500)
  path!: string;

  @TextColumn(200, { nullable: true })
  route!: string | null;

  @IntColumn()
  status!: number;

  @TextColumn(45)
  address!: string;

  @TextColumn(256, { nullable: true })
  userAgent!: string | null;

  @IntColumn()
  durationMs!: number;

  /** The old value of a key that is being replaced was used. */
  @FlagColumn()
  isOutdated!: boolean;

  @TextColumn(64)
  requestId!: string;
}
