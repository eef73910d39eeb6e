import { Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { BigIntColumn, InstantColumn, IntColumn, TextColumn } from '../platform/database/columns.js';

/** One answered request, refused ones included. Written in batches, off the request's path. */
@Entity('access_logs')
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

  @TextColumn(64)
  requestId!: string;
}
