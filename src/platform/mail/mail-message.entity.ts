import { Entity, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, LongTextColumn, TextColumn } from '../database/columns.js';

export type MailStatus = 'waiting' | 'sent' | 'failed';

/** A mail on its way: written in the transaction of its cause, kept until it is delivered or given up. */
@Entity('mail_messages')
@Index('uq_mail_messages_message_key', ['messageKey'], { unique: true })
@Index(['status', 'nextAttemptAt'])
@Index(['finishedAt'])
export class MailMessage {
  @PrimaryGeneratedColumn()
  messageId!: number;

  /** The local part of the Message-ID: a mail that is delivered twice is recognised by it. */
  @TextColumn(32)
  messageKey!: string;

  @TextColumn(40)
  template!: string;

  @TextColumn(254)
  recipient!: string;

  @TextColumn(200)
  subject!: string;

  /** Sealed, for it may carry a link that opens an account; null once the mail is sent or given up. */
  @LongTextColumn({ nullable: true })
  body!: string | null;

  /** The version of the pepper that the body is sealed under. */
  @IntColumn()
  pepperVersion!: number;

  @TextColumn(20)
  status!: MailStatus;

  @IntColumn()
  attempts!: number;

  @InstantColumn()
  nextAttemptAt!: Instant;

  @TextColumn(64, { nullable: true })
  lockedBy!: string | null;

  @InstantColumn({ nullable: true })
  lockedUntil!: Instant | null;

  @TextColumn(500, { nullable: true })
  lastError!: string | null;

  @InstantColumn()
  created!: Instant;

  @InstantColumn({ nullable: true })
  finishedAt!: Instant | null;
}
