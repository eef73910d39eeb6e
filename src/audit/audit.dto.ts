import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { Address, Choice, Id, Integer, Moment, Sort, Text } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { AccessLog } from './access-log.entity.js';
import type { AuditLog } from './audit-log.entity.js';

const ACTOR_KINDS = ['user', 'api_key', 'personal_token', 'address', 'system'];

/** Who did it. */
export class ActorResponse {
  @ApiProperty({ enum: ACTOR_KINDS })
  kind!: string;

  @ApiProperty({ type: Number, nullable: true, example: 1 })
  id!: number | null;

  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  name!: string | null;
}

/** What it was done to. */
export class SubjectResponse {
  @ApiProperty({ example: 'customer' })
  type!: string;

  @ApiProperty({ type: Number, nullable: true, example: 7 })
  id!: number | null;
}

export class AuditLogResponse {
  @ApiProperty({ example: 41 })
  audit_id!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  at!: string;

  /** `<subject>.<verb>`; authentication and authorisation events use the OWASP vocabulary. */
  @ApiProperty({ example: 'customer.updated' })
  event!: string;

  @ApiProperty()
  actor!: ActorResponse;

  @ApiProperty({ type: String, nullable: true, example: '203.0.113.7' })
  address!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '6fd0a3c8-1f2b-4c39-9d50-2f7f6f5b9e11' })
  request_id!: string | null;

  @ApiProperty({ type: SubjectResponse, nullable: true })
  subject!: SubjectResponse | null;

  /** The fields that changed, as they were. */
  @ApiProperty({ type: Object, additionalProperties: true, nullable: true, example: { status: 'active' } })
  before!: object | null;

  /** The same fields, as they are now. */
  @ApiProperty({ type: Object, additionalProperties: true, nullable: true, example: { status: 'suspended' } })
  after!: object | null;

  /** The seal of the keyed chain; null until the entry is sealed. */
  @ApiProperty({ type: String, nullable: true, example: null })
  hash!: string | null;

  static from(this: void, row: AuditLog): AuditLogResponse {
    return {
      audit_id: row.auditId,
      at: row.at,
      event: row.event,
      actor: { kind: row.actorKind, id: row.actorId, name: row.actorName },
      address: row.address,
      request_id: row.requestId,
      subject: row.subjectType === null ? null : { type: row.subjectType, id: row.subjectId },
      before: row.before,
      after: row.after,
      hash: row.hash,
    };
  }
}

export class AccessLogResponse {
  @ApiProperty({ example: 1207 })
  access_id!: number;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  at!: string;

  /** Null when nobody was recognised. */
  @ApiProperty({ type: ActorResponse, nullable: true })
  actor!: ActorResponse | null;

  @ApiProperty({ example: 'GET' })
  method!: string;

  /** Without its query. */
  @ApiProperty({ example: '/crm/customers/7' })
  path!: string;

  @ApiProperty({ type: String, nullable: true, example: '/crm/customers/:customer_id' })
  route!: string | null;

  /** 499 when the client closed the connection before the answer ended: what was asked for may have been done. */
  @ApiProperty({ example: 200 })
  status!: number;

  @ApiProperty({ example: '203.0.113.7' })
  address!: string;

  @ApiProperty({ type: String, nullable: true, example: 'curl/8.5.0' })
  user_agent!: string | null;

  @ApiProperty({ example: 4 })
  duration_ms!: number;

  @ApiProperty({ example: '6fd0a3c8-1f2b-4c39-9d50-2f7f6f5b9e11' })
  request_id!: string;

  static from(this: void, row: AccessLog): AccessLogResponse {
    return {
      access_id: row.accessId,
      at: row.at,
      actor: row.actorKind === null ? null : { kind: row.actorKind, id: row.actorId, name: row.actorName },
      method: row.method,
      path: row.path,
      route: row.route,
      status: row.status,
      address: row.address,
      user_agent: row.userAgent,
      duration_ms: row.durationMs,
      request_id: row.requestId,
    };
  }
}

/** What both logs are narrowed by. */
class LogFilter {
  /** The kind of whoever did it. */
  @Choice(ACTOR_KINDS, { optional: true })
  actor_kind?: string;

  /** Its id: of a user, or of an API key. */
  @Id({ optional: true, query: true })
  actor_id?: number;

  /** Where it came from, in any spelling of the address. */
  @Address({ optional: true, example: '203.0.113.7' })
  address?: string;

  /** From this moment on, inclusive. */
  @Moment({ optional: true, date: 'start' })
  from?: string;

  /** Up to this moment, exclusive. */
  @Moment({ optional: true, date: 'start' })
  to?: string;

  /** The `X-Request-Id` of one answer: everything that it left behind. */
  @Text({ max: 64, optional: true })
  request_id?: string;
}

class AuditLogFilter extends LogFilter {
  /** The whole name of an event. */
  @Text({ max: 64, optional: true, example: 'customer.updated' })
  event?: string;

  /** What it was done to. */
  @Text({ max: 40, optional: true, example: 'customer' })
  subject_type?: string;

  /** Its id; ids are unique for each type only. */
  @Id({ optional: true, query: true })
  subject_id?: number;
}

class AccessLogFilter extends LogFilter {
  /** As in an entry: `/crm/customers/:customer_id`. */
  @Text({ max: 200, optional: true, example: '/crm/customers/:customer_id' })
  route?: string;

  /** One HTTP status. */
  @Integer({ min: 100, max: 599, optional: true, query: true })
  status?: number;

  /** `4xx` finds every status from 400 to 499. */
  @Choice(['1xx', '2xx', '3xx', '4xx', '5xx'], { optional: true })
  status_class?: string;
}

export class ListAuditLogsQuery extends IntersectionType(ListQuery, AuditLogFilter) {
  /** Newest first unless told otherwise. */
  @Sort(['audit_id'])
  sort?: string;
}

export class ListAccessLogsQuery extends IntersectionType(ListQuery, AccessLogFilter) {
  /** Newest first unless told otherwise. */
  @Sort(['access_id'])
  sort?: string;
}

const FORMATS = ['csv', 'ndjson'];

export class ExportAuditLogsQuery extends AuditLogFilter {
  /** CSV for spreadsheets, NDJSON for programs. */
  @Choice(FORMATS)
  format!: 'csv' | 'ndjson';
}

export class ExportAccessLogsQuery extends AccessLogFilter {
  /** CSV for spreadsheets, NDJSON for programs. */
  @Choice(FORMATS)
  format!: 'csv' | 'ndjson';
}

export const AuditLogList = listResponseOf(AuditLogResponse);
export const AccessLogList = listResponseOf(AccessLogResponse);
