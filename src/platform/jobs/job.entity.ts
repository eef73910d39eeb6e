import { Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { FlagColumn, InstantColumn, IntColumn, TextColumn } from '../database/columns.js';

/** One row per job: who runs it now, and how its last run went. */
@Entity('jobs')
export class JobRow {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  name!: string;

  @TextColumn(64, { nullable: true })
  lockedBy!: string | null;

  @InstantColumn({ nullable: true })
  lockedUntil!: Instant | null;

  @InstantColumn({ nullable: true })
  startedAt!: Instant | null;

  @InstantColumn({ nullable: true })
  finishedAt!: Instant | null;

  @IntColumn({ nullable: true })
  durationMs!: number | null;

  @FlagColumn({ nullable: true })
  hasFailed!: boolean | null;

  @TextColumn(500, { nullable: true })
  result!: string | null;
}
