import { Injectable } from '@nestjs/common';
import type { SelectQueryBuilder } from 'typeorm';
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
    await this.newRows.add(AuditLog, entry);
  }

  find(auditId: number): Promise<AuditLog | null> {
    return this.database.repository(AuditLog).findOneBy({ auditId });
  }

  list(query: ListAuditLogsQuery): Promise<Page<AuditLog>> {
    const rows = this.database.repository(AuditLog).createQueryBuilder('row');
    filter(rows, query);
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

function filter(rows: SelectQueryBuilder<AuditLog>, query: ListAuditLogsQuery): void {
  for (const [name, property] of Object.entries(EQUAL)) {
    const value = query[name as keyof typeof EQUAL];
    if (value !== undefined) rows.andWhere(`row.${property} = :${property}`, { [property]: value });
  }
  if (query.from !== undefined) rows.andWhere('row.at >= :from', { from: query.from });
  if (query.to !== undefined) rows.andWhere('row.at < :to', { to: query.to });
}
