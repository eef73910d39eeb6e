import { Entity, ForeignKey, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { InstantColumn, IntColumn, TextColumn } from '../platform/database/columns.js';

export type CustomerType = 'company' | 'individual';
export type CustomerStatus = 'active' | 'inactive' | 'suspended';

@Entity('customers')
@Index(['nameKey', 'customerId'])
@Index(['created', 'customerId'])
@Index(['updated', 'customerId'])
@Index(['status', 'customerId'])
@Index(['customerType', 'customerId'])
@Index(['countryKey', 'customerId'])
@Index(['accountManagerKey', 'customerId'])
export class Customer {
  @PrimaryGeneratedColumn()
  customerId!: number;

  @TextColumn(200)
  customerName!: string;

  /** The folded name: what the list is sorted by. Keys are written and searched, and read only where a list needs them. */
  @TextColumn(200, { select: false })
  nameKey?: string;

  @TextColumn(20)
  customerType!: CustomerType;

  @TextColumn(20)
  status!: CustomerStatus;

  @TextColumn(254, { nullable: true })
  email!: string | null;

  @TextColumn(50, { nullable: true })
  phone!: string | null;

  @TextColumn(200, { nullable: true })
  line1!: string | null;

  @TextColumn(200, { nullable: true })
  line2!: string | null;

  @TextColumn(100, { nullable: true })
  city!: string | null;

  @TextColumn(100, { nullable: true })
  state!: string | null;

  @TextColumn(20, { nullable: true })
  postcode!: string | null;

  @TextColumn(100, { nullable: true })
  country!: string | null;

  @TextColumn(100, { nullable: true, select: false })
  countryKey?: string | null;

  @TextColumn(50, { nullable: true })
  taxId!: string | null;

  @TextColumn(3, { nullable: true })
  currency!: string | null;

  @TextColumn(35, { nullable: true })
  language!: string | null;

  @TextColumn(100, { nullable: true })
  accountManager!: string | null;

  @TextColumn(100, { nullable: true, select: false })
  accountManagerKey?: string | null;

  @IntColumn()
  version!: number;

  @InstantColumn()
  created!: Instant;

  @InstantColumn()
  updated!: Instant;
}

/** A word that a customer is found by; the index on it makes search a range scan on both databases. */
@Entity('customer_words')
@Index(['word', 'customerId'])
@ForeignKey('customers', ['customerId'], ['customerId'], { onDelete: 'CASCADE' })
export class CustomerWord {
  @PrimaryColumn({ type: 'int' })
  customerId!: number;

  @PrimaryColumn({ type: 'varchar', length: 64 })
  word!: string;
}
