import { ApiProperty } from '@nestjs/swagger';
import { Sort } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { LiveSession } from './session-life.js';

export class ListSessionsQuery extends ListQuery {
  /** A leading minus turns the order round; without it, by id. */
  @Sort(['session_id', 'created', 'last_seen_at'])
  sort?: string;
}

export class SessionResponse {
  @ApiProperty({ example: 41 })
  session_id!: number;

  /** The user agent that signed in. */
  @ApiProperty({ type: String, nullable: true, example: 'Mozilla/5.0 (X11; Linux x86_64)' })
  device!: string | null;

  /** Where it signed in from. */
  @ApiProperty({ example: '192.0.2.17' })
  address!: string;

  /** When it signed in. */
  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  /** Its last request, to the minute. */
  @ApiProperty({ format: 'date-time', example: '2026-11-21T11:02:00.000Z' })
  last_seen_at!: string;

  /** The end of it, however often it is refreshed. */
  @ApiProperty({ format: 'date-time', example: '2027-02-19T09:30:00.000Z' })
  expires_at!: string;

  /** Whether it is the one that asks. */
  @ApiProperty({ example: true })
  current!: boolean;

  static from(this: void, { session, isCurrent }: LiveSession): SessionResponse {
    const { sessionId, device, address, created, lastSeenAt, expiresAt } = session;
    return {
      session_id: sessionId,
      device,
      address,
      created,
      last_seen_at: lastSeenAt,
      expires_at: expiresAt,
      current: isCurrent,
    };
  }
}

export const SessionList = listResponseOf(SessionResponse);
