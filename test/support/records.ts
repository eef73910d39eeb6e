import { AuditLog } from '../../src/audit/audit-log.entity.js';
import { Database } from '../../src/platform/database/database.js';
import type { Answer, TestApp } from './app.js';

/** What the audit trail says about one request, oldest first. */
export function recordsOfRequest(app: TestApp, answer: Answer): Promise<AuditLog[]> {
  const requestId = String(answer.headers['x-request-id']);
  return app
    .get(Database)
    .repository(AuditLog)
    .find({ where: { requestId }, order: { auditId: 'ASC' } });
}

export function countRecords(app: TestApp): Promise<number> {
  return app.get(Database).repository(AuditLog).count();
}
