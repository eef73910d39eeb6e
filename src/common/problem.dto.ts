import { STATUS_CODES } from 'node:http';
import { ApiProperty } from '@nestjs/swagger';

export class FieldProblemResponse {
  /** JSON pointer to the field, or `/name` of a parameter. */
  @ApiProperty({ example: '/customer_name' })
  pointer!: string;

  /** What is wrong with it, and what would be right. */
  @ApiProperty({ example: 'must be a text of 1 to 200 characters' })
  detail!: string;
}

/** RFC 9457 problem details, the shape of every error (`application/problem+json`). */
export class ProblemResponse {
  /** A URN per code; docs/errors.md explains each. */
  @ApiProperty({ example: 'urn:omnicrm:problem:customers.not_found' })
  type!: string;

  /** The status in words. */
  @ApiProperty({ example: 'Not Found' })
  title!: string;

  /** Equals the HTTP status. */
  @ApiProperty({ example: 404 })
  status!: number;

  /** A sentence that helps. */
  @ApiProperty({ example: 'There is no customer 7 that you may see.' })
  detail!: string;

  /** Stable: programs switch on it. */
  @ApiProperty({ example: 'customers.not_found' })
  code!: string;

  /** The same as in the header `X-Request-Id` and in the access log. */
  @ApiProperty({ example: '4f6c0e4f0b7b4b7e9d1c' })
  request_id!: string;

  /** With 400: every field that is wrong. */
  @ApiProperty({ type: [FieldProblemResponse], required: false })
  errors?: FieldProblemResponse[];

  /** With 403: what would be needed. */
  @ApiProperty({ type: [String], required: false, example: ['view_customer'] })
  missing_permissions?: string[];
}

/** The members that every problem has. */
export function problemBody(parts: {
  status: number;
  code: string;
  detail: string;
  requestId: string;
}): ProblemResponse {
  return {
    type: `urn:omnicrm:problem:${parts.code}`,
    title: STATUS_CODES[parts.status] ?? 'Error',
    status: parts.status,
    detail: parts.detail,
    code: parts.code,
    request_id: parts.requestId,
  };
}
