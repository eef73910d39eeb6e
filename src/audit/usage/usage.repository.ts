import { Injectable } from '@nestjs/common';
import { In, LessThan, type SelectQueryBuilder } from 'typeorm';
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
  async counters(span: UsageSpan, dimension: UsageDimension): Promise<UsageCounter[]> {
    return this.within(span, dimension).orderBy('row.startsAt').addOrderBy('row.value').getMany();
  }

  /** The values of one dimension with their sums, busiest first. */
  async sums(span: UsageSpan, dimension: UsageDimension, limit: number): Promise<UsageSum[]> {
    const rows = await this.within(span, dimension)
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

  private within(
    { actorKind, actorId, period, from, to }: UsageSpan,
    dimension: UsageDimension,
  ): SelectQueryBuilder<UsageCounter> {
    return this.database
      .repository(UsageCounter)
      .createQueryBuilder('row')
      .where({ actorKind, actorId, period, dimension })
      .andWhere('row.startsAt >= :from AND row.startsAt < :to', { from, to });
  }
}
