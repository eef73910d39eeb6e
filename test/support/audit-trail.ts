import { AuditRepository } from '../../src/audit/audit.repository.js';
import type { AuditLog } from '../../src/audit/audit-log.entity.js';
import type { TestApp } from './app.js';

/** The change records of one event, newest first. */
export async function recordsOf(app: TestApp, event: string): Promise<AuditLog[]> {
  const page = await app.get(AuditRepository).list({ limit: 100, event, sort: '-audit_id' });
  return [...page.rows];
}
