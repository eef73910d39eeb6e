import { Entity, PrimaryColumn } from 'typeorm';
import type { Instant } from '../common/clock.js';
import { InstantColumn, TextColumn } from '../platform/database/columns.js';

/** When an entry of `ip_whitelist` was last of use. The entries themselves live in the file. */
@Entity('trusted_addresses')
export class TrustedAddressUse {
  @PrimaryColumn({ type: 'varchar', length: 50 })
  address!: string;

  @InstantColumn()
  lastUsedAt!: Instant;

  @TextColumn(45)
  lastUsedAddress!: string;
}
