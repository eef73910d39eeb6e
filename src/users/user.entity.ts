import { Entity, ForeignKey, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { InstantColumn, IntColumn, LongTextColumn, TextColumn } from '../platform/database/columns.js';

export type UserStatus = 'active' | 'invited' | 'deactivated';

@Entity('users')
@Index('uq_users_email_key', ['emailKey'], { unique: true })
@Index(['status', 'userId'])
@Index(['created', 'userId'])
@Index(['lastLoginAt', 'userId'])
export class User {
  @PrimaryGeneratedColumn()
  userId!: number;

  @TextColumn(254)
  email!: string;

  /** The folded e-mail: an account is one, however it is spelled. */
  @TextColumn(254)
  emailKey!: string;

  @TextColumn(200)
  name!: string;

  @TextColumn(20)
  status!: UserStatus;

  @LongTextColumn()
  searchText!: string;

  @TextColumn(200, { nullable: true })
  passwordDigest!: string | null;

  /** Sessions begun before this are over, wherever their tokens are. */
  @InstantColumn({ nullable: true })
  sessionsValidAfter!: Instant | null;

  @InstantColumn({ nullable: true })
  lastLoginAt!: Instant | null;

  @InstantColumn({ nullable: true })
  lastUsedAt!: Instant | null;

  @TextColumn(45, { nullable: true })
  lastUsedAddress!: string | null;

  /** When a second factor was set up and proved; null = it is not asked for. */
  @InstantColumn({ nullable: true })
  twoFactorSince!: Instant | null;

  @IntColumn()
  version!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  updated!: Instant;
}

@Entity('user_roles')
@Index(['roleId'])
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
@ForeignKey('roles', ['roleId'], ['roleId'], { onDelete: 'RESTRICT' })
export class UserRole {
  @PrimaryColumn({ type: 'int' })
  userId!: number;

  @PrimaryColumn({ type: 'int' })
  roleId!: number;
}

@Entity('user_customers')
@Index(['customerId'])
@ForeignKey('users', ['userId'], ['userId'], { onDelete: 'CASCADE' })
@ForeignKey('customers', ['customerId'], ['customerId'], { onDelete: 'CASCADE' })
export class UserCustomer {
  @PrimaryColumn({ type: 'int' })
  userId!: number;

  @PrimaryColumn({ type: 'int' })
  customerId!: number;
}
