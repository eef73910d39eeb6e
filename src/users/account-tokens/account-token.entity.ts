import { Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { InstantColumn, IntColumn, JsonColumn, TextColumn } from '../../platform/database/columns.js';

export type TokenPurpose = 'reset_password' | 'invitation' | 'verify_email' | 'signup';

/** What was mailed to prove an address: good once, for one purpose, for a while. Only its digest is kept. */
@Entity('account_tokens')
@Index('uq_account_tokens_digest', ['digest'], { unique: true })
@Index(['userId'])
@Index(['emailKey', 'created'])
@Index(['expiresAt'])
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
export class AccountToken {
  @PrimaryGeneratedColumn()
  tokenId!: number;

  @TextColumn(20)
  purpose!: TokenPurpose;

  @TextColumn(64)
  digest!: string;

  @IntColumn()
  pepperVersion!: number;

  /** Null for somebody who is no user yet. */
  @IntColumn({ nullable: true })
  userId!: number | null;

  /** Where it was mailed to. */
  @TextColumn(254)
  email!: string;

  @TextColumn(254)
  emailKey!: string;

  /** Tells whether the password is still the one that it was when this was made. */
  @TextColumn(64, { nullable: true })
  passwordMark!: string | null;

  /** What comes true when the token is used. */
  @JsonColumn({ nullable: true })
  payload!: object | null;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  expiresAt!: Instant;
}
