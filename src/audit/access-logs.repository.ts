import { Injectable } from '@nestjs/common';
import { In, LessThan, MoreThanOrEqual, type SelectQueryBuilder } from 'typeorm';
import type { Instant } from '../common/clock.js';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { JsonRows } from '../platform/database/json-rows.js';
import { Pager } from '../platform/paging/pager.js';
import { drawIds } from '../platform/database/sequences.js';
import type { AccessLogBatch } from './access-log-batch.js';
import { AccessLog } from './access-log.entity.js';
import { ListAccessLogsQuery } from './audit.dto.js';
import { whereLogged } from './audit.repository.js';

/** How often one address used one route. */
export interface AccessSummary {
  readonly address: string;
  readonly route: string | null;
  readonly requests: number;
  readonly lastAt: Instant;
}

const SEQUENCE = 'access_logs';

@Injectable()
export class AccessLogsRepository {
  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
    private readonly jsonRows: JsonRows,
  ) {}

  /** Draws a block of ids and writes the batch; to be called in a transaction. */
  async insert(batch: AccessLogBatch): Promise<void> {
    const firstId = await drawIds(this.database, SEQUENCE, batch.lines);
    await this.jsonRows.addAll(AccessLog, batch.rows(firstId));
  }

  /** Requests with the old value of a key, by address and route, busiest first. */
  async summariseOutdated(apiKeyId: number, since: Instant, limit: number): Promise<AccessSummary[]> {
    const found = await this.database
      .repository(AccessLog)
      .createQueryBuilder('row')
      .select(['row.address AS address', 'row.route AS route', 'COUNT(*) AS requests', 'MAX(row.at) AS last'])
      .where({ actorKind: 'api_key', actorId: apiKeyId, isOutdated: true, at: MoreThanOrEqual(since) })
      .groupBy('row.address')
      .addGroupBy('row.route')
      .orderBy('requests', 'DESC')
      .limit(limit)
      .getRawMany<{ address: string; route: string | null; requests: string | number; last: Instant }>();
    return found.map(({ address, route, requests, last }) => ({
      address,
      route,
      requests: Number(requests),
      lastAt: last,
    }));
  }

  /** At most `limit` of the oldest; returns how many there were. */
  async removeOlderThan(moment: Instant, limit: number): Promise<number> {
    const rows = this.database.repository(AccessLog);
    const old = await rows.find({
      select: { accessId: true },
      where: { at: LessThan(moment) },
      order: { at: 'ASC', accessId: 'ASC' },
      take: limit,
    });
    if (old.length > 0) await rows.delete({ accessId: In(old.map((row) => row.accessId)) });
    return old.length;
  }

  list(query: ListAccessLogsQuery): Promise<Page<AccessLog>> {
    const rows = this.database.repository(AccessLog).createQueryBuilder('row');
    filter(rows, query);
    return this.pager.page(rows, {
      query,
      sort: query.sort ?? '-access_id',
      columns: { access_id: { property: 'accessId' } },
      id: 'accessId',
    });
  }
}

const EQUAL = {
  actor_kind: 'actorKind',
  actor_id: 'actorId',
  route: 'route',
  status: 'status',
  address: 'address',
  request_id: 'requestId',
} as const;

function filter(rows: SelectQueryBuilder<AccessLog>, query: ListAccessLogsQuery): void {
  whereLogged(rows, query, EQUAL);
  if (query.status_class !== undefined) {
    const least = Number(query.status_class.charAt(0)) * 100;
    rows.andWhere('row.status >= :least AND row.status < :most', { least, most: least + 100 });
  }
}
