import { Entity, Index, PrimaryColumn } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { BigIntColumn } from '../../platform/database/columns.js';

/** How finely requests are counted: both are kept, the hours for a shorter time. */
export type UsagePeriod = 'hour' | 'day';

/** What requests are counted by: class of the answer, route, client address, the permission that let it in. */
export type UsageDimension = 'class' | 'route' | 'address' | 'permission';

/** How many requests of one credential in one hour or day had one property. A year of a busy key is a few thousand rows. */
@Entity('usage_counters')
@Index('ix_usage_counters_value', ['actorKind', 'actorId', 'period', 'dimension', 'value', 'startsAt'])
@Index(['period', 'startsAt'])
export class UsageCounter {
  @PrimaryColumn({ type: 'varchar', length: '20' })
  actorKind!: string;

  @PrimaryColumn({ type: 'bigint' })
  actorId!: number;

  @PrimaryColumn({ type: 'varchar', length: '4' })
  period!: UsagePeriod;

  @PrimaryColumn({ type: 'varchar', length: '12' })
  dimension!: UsageDimension;

  /** The beginning of the hour or day, in UTC. */
  @PrimaryColumn({ type: 'varchar', length: 24 })
  startsAt!: Instant;

  /** `2xx`; `GET /crm/customers`; `203.0.113.7`; `view_customer`. */
  @PrimaryColumn({ type: 'varchar', length: '200' })
  value!: string;

  @BigIntColumn()
  requests!: number;
}
