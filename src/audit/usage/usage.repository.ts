import { Injectable } from '@nestjs/common';
import { Brackets, In, LessThan, type SelectQueryBuilder } from 'typeorm';
import type { Instant } from '../../common/clock.js';
import { addCounts } from '../../platform/database/counters.js';
import { Database } from '../../platform/database/database.js';
import { UsageCounter, type UsageDimension, type UsagePeriod } from './usage-counter.entity.js';

/** Whose counters. */
export interface UsageActor {
  readonly actorKind: string;
  readonly actorId: number;
}

/** How fine, and from when (inclusive) to when (exclusive), both beginnings of a period. */
export interface UsageSpan extends UsageActor {
  readonly period: UsagePeriod;
  readonly from: Instant;
  readonly to: Instant;
}

/** One counter of a dimension. */
export type UsageCount = Pick<UsageCounter, 'startsAt' | 'value' | 'requests'>;

/** The sum of one value's counters. */
export interface UsageSum {
  readonly value: string;
  readonly requests: number;
}

@Injectable()
export class UsageRepository {
  constructor(private readonly database: Database) {}

  async add(counters: readonly UsageCounter[]): Promise<void> {
    await addCounts(this.database, UsageCounter, 'requests', counters);
  }

  /** The counters of one dimension as they are, in the order of time. */
  async counters(span: UsageSpan, dimension: UsageDimension): Promise<UsageCount[]> {
    const rows = await this.within([span], dimension)
      .select(['row.startsAt AS startsAt', 'row.value AS value', 'row.requests AS requests'])
      .orderBy('row.startsAt')
      .addOrderBy('row.value')
      .getRawMany<{ startsAt: Instant; value: string; requests: string | number }>();
    return rows.map(({ requests, ...row }) => ({ ...row, requests: Number(requests) }));
  }

  /** The values of one dimension with their sums over spans that do not overlap, busiest first. */
  async sums(spans: readonly UsageSpan[], dimension: UsageDimension, limit: number): Promise<UsageSum[]> {
    const rows = await this.within(spans, dimension)
      .select(['row.value AS value', 'SUM(row.requests) AS requests'])
      .groupBy('row.value')
      .orderBy('requests', 'DESC')
      .addOrderBy('row.value')
      .limit(limit)
      .getRawMany<{ value: string; requests: string | number }>();
    return rows.map(({ value, requests }) => ({ value, requests: Number(requests) }));
  }

  /** The day on which each address was first seen, as far back as days are kept. */
  async firstDays({ actorKind, actorId }: UsageActor): Promise<Map<string, Instant>> {
    const rows = await this.database
      .repository(UsageCounter)
      .createQueryBuilder('row')
      .select(['row.value AS value', 'MIN(row.startsAt) AS first'])
      .where({ actorKind, actorId, period: 'day', dimension: 'address' })
      .groupBy('row.value')
      .getRawMany<{ value: string; first: Instant }>();
    return new Map(rows.map(({ value, first }) => [value, first]));
  }

  /** The last hour or day before `to` that has requests, or null. */
  async lastBefore({ actorKind, actorId }: UsageActor, period: UsagePeriod, to: Instant): Promise<Instant | null> {
    const row = await this.database.repository(UsageCounter).findOne({
      select: { startsAt: true },
      where: { actorKind, actorId, period, dimension: 'class', startsAt: LessThan(to) },
      order: { startsAt: 'DESC' },
    });
    return row?.startsAt ?? null;
  }

  /** Which permissions let requests of these credentials in, from that day on. */
  async permissionsUsed(actorKind: string, actorIds: readonly number[], from: Instant): Promise<UsageCounter[]> {
    if (actorIds.length === 0) return [];
    return this.database
      .repository(UsageCounter)
      .createQueryBuilder('row')
      .select(['row.actorId', 'row.value', 'row.startsAt'])
      .where({ actorKind, actorId: In([...actorIds]), period: 'day', dimension: 'permission' })
      .andWhere('row.startsAt >= :from', { from })
      .getMany();
  }

  /** Some counters of the oldest hour or day before `moment`; returns how many are gone, 0 at the end. */
  async removeOlderThan(period: UsagePeriod, moment: Instant, limit: number): Promise<number> {
    const rows = this.database.repository(UsageCounter);
    const old = await rows.find({
      select: { actorId: true, startsAt: true },
      where: { period, startsAt: LessThan(moment) },
      order: { startsAt: 'ASC' },
      take: limit,
    });
    const startsAt = old[0]?.startsAt;
    if (startsAt === undefined) return 0;
    const actorIds = old.filter((row) => row.startsAt === startsAt).map((row) => row.actorId);
    const gone = await rows.delete({ period, startsAt, actorId: In([...new Set(actorIds)]) });
    return gone.affected ?? 0;
  }

  /** Each span is a range of the primary key. */
  private within(spans: readonly UsageSpan[], dimension: UsageDimension): SelectQueryBuilder<UsageCounter> {
    const ranges = new Brackets((where) => {
      spans.forEach(({ actorKind, actorId, period, from, to }, index) => {
        const [begin, end] = [`from${index}`, `to${index}`];
        const range = new Brackets((one) =>
          one
            .where({ actorKind, actorId, period, dimension })
            .andWhere(`row.startsAt >= :${begin} AND row.startsAt < :${end}`, { [begin]: from, [end]: to }),
        );
        where.orWhere(range);
      });
    });
    return this.database.repository(UsageCounter).createQueryBuilder('row').where(ranges);
  }
}
