import { Injectable } from '@nestjs/common';
import type { ObjectLiteral, SelectQueryBuilder } from 'typeorm';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { NewRows } from '../platform/database/new-rows.js';
import { Pager } from '../platform/paging/pager.js';
import { AuditLog } from './audit-log.entity.js';
import { ListAuditLogsQuery } from './audit.dto.js';

export type NewAuditLog = Omit<AuditLog, 'auditId'>;

@Injectable()
export class AuditRepository {
  constructor(
    private readonly database: Database,
    private readonly newRows: NewRows,
    private readonly pager: Pager,
  ) {}

  async insert(entry: NewAuditLog): Promise<void> {
    await this.newRows.addAll(AuditLog, [entry]);
  }

  find(auditId: number): Promise<AuditLog | null> {
    return this.database.repository(AuditLog).findOneBy({ auditId });
  }

  list(query: ListAuditLogsQuery): Promise<Page<AuditLog>> {
    const rows = this.database.repository(AuditLog).createQueryBuilder('row');
    whereLogged(rows, query, EQUAL);
    return this.pager.page(rows, {
      query,
      sort: query.sort ?? '-audit_id',
      columns: { audit_id: { property: 'auditId' } },
      id: 'auditId',
    });
  }
}

const EQUAL = {
  event: 'event',
  address: 'address',
  actor_kind: 'actorKind',
  actor_id: 'actorId',
  subject_type: 'subjectType',
  subject_id: 'subjectId',
  request_id: 'requestId',
} as const;

/** What both logs are narrowed by. */
interface LogQuery {
  readonly actor_kind?: string;
  readonly actor_id?: number;
  readonly from?: string;
  readonly to?: string;
}

/** Addresses and the system have no number. */
const NUMBERED_KINDS = ['user', 'api_key', 'personal_token'];

/** `equal` = for each filter the property of `row` that it is compared with. */
export function whereLogged<Row extends ObjectLiteral, Query extends LogQuery>(
  rows: SelectQueryBuilder<Row>,
  query: Query,
  equal: Readonly<Partial<Record<keyof Query, string>>>,
): void {
  for (const [name, property] of Object.entries<string>(equal as Record<string, string>)) {
    const value = query[name as keyof Query];
    if (value !== undefined) rows.andWhere(`row.${property} = :${property}`, { [property]: value });
  }
  // The index leads with the kind: naming all of them finds a number without another index to write.
  if (query.actor_id !== undefined && query.actor_kind === undefined)
    rows.andWhere('row.actorKind IN (:...kinds)', { kinds: NUMBERED_KINDS });
  if (query.from !== undefined) rows.andWhere('row.at >= :from', { from: query.from });
  if (query.to !== undefined) rows.andWhere('row.at < :to', { to: query.to });
}
