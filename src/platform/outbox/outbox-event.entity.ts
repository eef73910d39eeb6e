import { Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { BigIntColumn, InstantColumn, JsonColumn, TextColumn } from '../database/columns.js';

/** Something that happened and that others may want to be told: written with the change, delivered later. */
@Entity('outbox_events')
@Index(['at', 'eventId'])
export class OutboxEvent {
  @PrimaryGeneratedColumn()
  eventId!: number;

  @InstantColumn()
  at!: Instant;

  /** `<subject>.<verb>`, the same word as in the audit log. */
  @TextColumn(64)
  type!: string;

  @TextColumn(40)
  subjectType!: string;

  @BigIntColumn()
  subjectId!: number;

  /** Wire names and shown values only; never a secret. */
  @JsonColumn()
  data!: object;
}
