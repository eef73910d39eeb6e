import { Column, Entity, ForeignKey, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, TextColumn } from '../../platform/database/columns.js';

/** The seed of a user's codes, encrypted. It waits for its first code as long as the user has no two-factor. */
@Entity('two_factor_secrets')
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
export class TwoFactorSecret {
  @PrimaryColumn({ type: 'int' })
  userId!: number;

  @TextColumn(200)
  ciphertext!: string;

  @IntColumn()
  pepperVersion!: number;

  /** The time step of the last code that was accepted: it and all before it are spent. */
  @Column({ type: 'int', nullable: true })
  lastStep!: number | null;

  @InstantColumn()
  created!: Instant;
}

/** A code on paper, kept as a digest; it is gone once it was used. */
@Entity('backup_codes')
@Index('uq_backup_codes_user_id_digest', ['userId', 'digest'], { unique: true })
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
export class BackupCode {
  @PrimaryGeneratedColumn()
  backupCodeId!: number;

  @IntColumn()
  userId!: number;

  @TextColumn(64)
  digest!: string;
}

/** A password that was right, waiting for its second factor. Its token is derived from this row, not stored. */
@Entity('login_challenges')
@Index(['userId'])
@Index(['expiresAt'])
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
export class LoginChallenge {
  @PrimaryGeneratedColumn()
  challengeId!: number;

  @IntColumn()
  userId!: number;

  @IntColumn()
  tries!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  expiresAt!: Instant;
}
