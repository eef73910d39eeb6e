import { DAY, type Instant, SECOND, toInstant } from '../common/clock.js';
import type { UserView } from '../users/users.service.js';
import type { Session } from './session.entity.js';

/** A session that nobody refreshes for so long is over (RFC 9700: idle lifetime)… */
const IDLE_MS = 14 * DAY;
/** …and so is any session after this (absolute lifetime). */
export const ABSOLUTE_MS = 90 * DAY;
/** An answer can be lost on the way; its identical retry within this time is no theft. */
export const RETRY_MS = 10 * SECOND;

/** A session as its user sees it. */
export interface LiveSession {
  readonly session: Session;
  /** It is the one that asks. */
  readonly isCurrent: boolean;
}

type Account = Pick<UserView['user'], 'userId' | 'status' | 'sessionsValidAfter'>;

/** What a live session of a user lies between: the same rule as `isLive`, as a query can ask it. */
export interface LiveBounds {
  readonly userId: number;
  readonly expiresAfter: Instant;
  readonly rotatedAfter: Instant;
  /** Null: nobody has ended all sessions of this user yet. */
  readonly createdAfter: Instant | null;
}

export function isLive(session: Session, user: Account, now: number): boolean {
  const { expiresAfter, rotatedAfter, createdAfter } = liveBounds(user, now);
  return (
    user.status === 'active' &&
    session.endedAt === null &&
    session.expiresAt > expiresAfter &&
    session.rotatedAt > rotatedAfter &&
    (createdAfter === null || session.created > createdAfter)
  );
}

export function liveBounds({ userId, sessionsValidAfter }: Account, now: number): LiveBounds {
  return {
    userId,
    expiresAfter: toInstant(now),
    rotatedAfter: toInstant(now - IDLE_MS),
    createdAfter: sessionsValidAfter,
  };
}
