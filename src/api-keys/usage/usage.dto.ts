import { ApiProperty, OmitType } from '@nestjs/swagger';
import { Choice, Moment } from '../../common/fields.js';
import { ListAccessLogsQuery } from '../../audit/audit.dto.js';
import type { CountsByClass, UsageBucket, UsagePeriod, UsageSummary } from '../../audit/usage/usage.service.js';

export class GetUsageQuery {
  /** From this moment on, taken back to the beginning of its bucket. Left out: 24 hours, or 30 days, before `to`. */
  @Moment({ optional: true, date: 'start' })
  from?: string;

  /** Up to this moment, exclusive. Left out: the end of the present bucket. */
  @Moment({ optional: true, date: 'start' })
  to?: string;

  /** How finely requests are counted: at most 92 days by the hour, 800 days by the day. */
  @Choice(['hour', 'day'], { optional: true })
  bucket: UsagePeriod = 'day';
}

/** The access log of one key: who asked is known, so it is no filter. */
export class ListKeyAccessLogsQuery extends OmitType(ListAccessLogsQuery, ['actor_kind', 'actor_id'] as const) {}

const CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;

/** Requests by the class of their answer. */
export class StatusClassesResponse {
  @ApiProperty({ example: 0 })
  '1xx'!: number;

  @ApiProperty({ example: 118 })
  '2xx'!: number;

  @ApiProperty({ example: 0 })
  '3xx'!: number;

  @ApiProperty({ example: 2 })
  '4xx'!: number;

  @ApiProperty({ example: 0 })
  '5xx'!: number;

  static from(this: void, counts: CountsByClass): StatusClassesResponse {
    return Object.fromEntries(CLASSES.map((name) => [name, counts[name] ?? 0])) as Record<
      (typeof CLASSES)[number],
      number
    >;
  }
}

export class RouteUsageResponse {
  @ApiProperty({ example: 'GET' })
  method!: string;

  @ApiProperty({ example: '/crm/customers/:customer_id' })
  route!: string;

  @ApiProperty({ example: 97 })
  requests!: number;
}

export class AddressUsageResponse {
  @ApiProperty({ example: '203.0.113.7' })
  address!: string;

  @ApiProperty({ example: 120 })
  requests!: number;
}

/** One hour or day; those without requests are there, too. */
export class UsageBucketResponse {
  /** Its beginning, in UTC. */
  @ApiProperty({ format: 'date-time', example: '2026-11-21T00:00:00.000Z' })
  at!: string;

  @ApiProperty({ example: 120 })
  requests!: number;

  @ApiProperty()
  by_status_class!: StatusClassesResponse;

  static from(this: void, { at, requests, byClass }: UsageBucket): UsageBucketResponse {
    return { at, requests, by_status_class: StatusClassesResponse.from(byClass) };
  }
}

export class UsageResponse {
  @ApiProperty({ example: 12 })
  api_key_id!: number;

  /** The beginning of the first bucket. */
  @ApiProperty({ format: 'date-time', example: '2026-10-23T00:00:00.000Z' })
  from!: string;

  /** The end of the last bucket. */
  @ApiProperty({ format: 'date-time', example: '2026-11-22T00:00:00.000Z' })
  to!: string;

  @ApiProperty({ enum: ['hour', 'day'] })
  bucket!: UsagePeriod;

  @ApiProperty({ example: 120 })
  total!: number;

  @ApiProperty()
  by_status_class!: StatusClassesResponse;

  /** Busiest first, at most 100. */
  @ApiProperty({ type: [RouteUsageResponse] })
  by_route!: RouteUsageResponse[];

  /** Busiest first, at most 100. */
  @ApiProperty({ type: [AddressUsageResponse] })
  by_address!: AddressUsageResponse[];

  /** In the order of time. */
  @ApiProperty({ type: [UsageBucketResponse] })
  buckets!: UsageBucketResponse[];

  static from(this: void, { span, total, byClass, byRoute, byAddress, buckets }: UsageSummary): UsageResponse {
    return {
      api_key_id: span.actorId,
      from: span.from,
      to: span.to,
      bucket: span.period,
      total,
      by_status_class: StatusClassesResponse.from(byClass),
      by_route: byRoute.map(({ value, requests }) => {
        const [method = '', route = ''] = value.split(' ');
        return { method, route, requests };
      }),
      by_address: byAddress.map(({ value, requests }) => ({ address: value, requests })),
      buckets: buckets.map(UsageBucketResponse.from),
    };
  }
}
