import { Entity, ForeignKey, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import {
  FlagColumn,
  InstantColumn,
  IntColumn,
  JsonColumn,
  LongTextColumn,
  TextColumn,
} from '../platform/database/columns.js';
import type { ApiKeyStatus } from './api-key.status.js';

@Entity('api_keys')
@Index(['nameKey', 'apiKeyId'])
@Index(['created', 'apiKeyId'])
@Index(['expiryDate', 'apiKeyId'])
@Index(['createdBy', 'apiKeyId'])
@Index(['lastUsedAt', 'apiKeyId'])
@Index(['source', 'apiKeyId'])
@Index(['createdByUserId'])
@Index(['createdByKeyId'])
@Index('uq_api_keys_digest', ['digest'], { unique: true })
export class ApiKey {
  @PrimaryGeneratedColumn()
  apiKeyId!: number;

  @TextColumn(20)
  kind!: 'organization' | 'personal';

  /** `config` rows mirror the file, so that one list shows both; the file stays their master. */
  @TextColumn(20)
  source!: 'database' | 'config';

  @TextColumn(100)
  name!: string;

  @TextColumn(100)
  nameKey!: string;

  @TextColumn(500, { nullable: true })
  description!: string | null;

  @TextColumn(32)
  mask!: string;

  @LongTextColumn()
  searchText!: string;

  /** HMAC-SHA-256 under the pepper (K12); erased on revocation, so that nothing is left to match. */
  @TextColumn(64, { nullable: true })
  digest!: string | null;

  @IntColumn()
  pepperVersion!: number;

  /** Direct grants; the roles' come on top. */
  @JsonColumn()
  permissions!: string[];

  /** The status that was last announced; the job tells each change once. What is true is computed from the dates. */
  @TextColumn(20)
  flaggedStatus!: ApiKeyStatus;

  /** The shortest notice that was given of this expiry, in days; null = none yet (K18). */
  @IntColumn({ nullable: true })
  noticedDays!: number | null;

  @InstantColumn({ nullable: true })
  expiryDate!: Instant | null;

  @InstantColumn({ nullable: true })
  revokedAt!: Instant | null;

  @IntColumn({ nullable: true })
  createdByUserId!: number | null;

  /** The parent of a key that was made by a key (K17). */
  @IntColumn({ nullable: true })
  createdByKeyId!: number | null;

  @TextColumn(254, { nullable: true })
  createdBy!: string | null;

  @FlagColumn()
  isProtected!: boolean;

  @FlagColumn()
  isBoundToCreator!: boolean;

  @JsonColumn({ nullable: true })
  allowedAddresses!: string[] | null;

  @IntColumn({ nullable: true })
  rateLimit!: number | null;

  @InstantColumn({ nullable: true })
  lastUsedAt!: Instant | null;

  @TextColumn(45, { nullable: true })
  lastUsedAddress!: string | null;

  @IntColumn()
  version!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  updated!: Instant;
}

@Entity('api_key_roles')
@Index(['roleId'])
@ForeignKey('api_keys', ['apiKeyId'], ['apiKeyId'], { onDelete: 'CASCADE' })
@ForeignKey('roles', ['roleId'], ['roleId'], { onDelete: 'RESTRICT' })
export class ApiKeyRole {
  @PrimaryColumn({ type: 'int' })
  apiKeyId!: number;

  @PrimaryColumn({ type: 'int' })
  roleId!: number;
}

@Entity('api_key_customers')
@Index(['customerId'])
@ForeignKey('api_keys', ['apiKeyId'], ['apiKeyId'], { onDelete: 'CASCADE' })
@ForeignKey('customers', ['customerId'], ['customerId'], { onDelete: 'CASCADE' })
export class ApiKeyCustomer {
  @PrimaryColumn({ type: 'int' })
  apiKeyId!: number;

  @PrimaryColumn({ type: 'int' })
  customerId!: number;
}
