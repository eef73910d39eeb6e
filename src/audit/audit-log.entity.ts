import { Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { BigIntColumn, InstantColumn, JsonColumn, TextColumn } from '../platform/database/columns.js';

export type Snapshot = Readonly<Record<string, unknown>>;

/** One change, or one security event. Written once, never updated but for its seal. */
@Entity('audit_logs')
@Index('uq_audit_logs_sealed_seq', ['sealedSeq'], { unique: true })
@Index(['event', 'auditId'])
@Index(['subjectType', 'auditId'])
@Index(['subjectId', 'auditId'])
@Index(['actorKind', 'actorId', 'auditId'])
@Index(['requestId'])
@Index(['at', 'auditId'])
@Index(['address', 'auditId'])
export class AuditLog {
  @PrimaryGeneratedColumn()
  auditId!: number;

  @InstantColumn()
  at!: Instant;

  @TextColumn(64)
  event!: string;

  @TextColumn(20)
  actorKind!: string;

  @BigIntColumn({ nullable: true })
  actorId!: number | null;

  @TextColumn(200)
  actorName!: string;

  @TextColumn(45, { nullable: true })
  address!: string | null;

  @TextColumn(64, { nullable: true })
  requestId!: string | null;

  @TextColumn(40, { nullable: true })
  subjectType!: string | null;

  @BigIntColumn({ nullable: true })
  subjectId!: number | null;

  @JsonColumn({ nullable: true })
  before!: Snapshot | null;

  @JsonColumn({ nullable: true })
  after!: Snapshot | null;

  /** Its place in the chain; null until sealed. Entries commit in another order than their ids are drawn in. */
  @BigIntColumn({ nullable: true })
  sealedSeq!: number | null;

  @TextColumn(64, { nullable: true })
  hash!: string | null;
}
