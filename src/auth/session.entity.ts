import { Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { InstantColumn, IntColumn, TextColumn } from '../platform/database/columns.js';

/** A login and the family of refresh tokens that descends from it. No token is stored: each is derived from this row. */
@Entity('sessions')
@Index(['userId', 'sessionId'])
@Index(['expiresAt'])
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
export class Session {
  @PrimaryGeneratedColumn()
  sessionId!: number;

  @IntColumn()
  userId!: number;

  /** Which refresh token of the family is the live one. */
  @IntColumn()
  generation!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  rotatedAt!: Instant;

  @InstantColumn()
  lastSeenAt!: Instant;

  /** The end of the family, however often it is refreshed. */
  @InstantColumn()
  expiresAt!: Instant;

  @InstantColumn({ nullable: true })
  endedAt!: Instant | null;

  @TextColumn(45)
  address!: string;

  @TextColumn(256, { nullable: true })
  device!: string | null;
}
