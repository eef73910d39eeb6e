import { DAY, type Instant, toInstant, toMillis } from '../common/clock.js';

export const API_KEY_STATUSES = ['active', 'expiring_soon', 'expired', 'revoked'] as const;
export type ApiKeyStatus = (typeof API_KEY_STATUSES)[number];

export interface KeyDates {
  readonly expiryDate: Instant | null;
  readonly revokedAt: Instant | null;
}

/** What a key is at this moment (K8). Nothing is stored: the check at request time and the list agree by construction. */
export function statusOf(key: KeyDates, now: Instant, soon: Instant): ApiKeyStatus {
  if (key.revokedAt !== null) return 'revoked';
  if (key.expiryDate === null) return 'active';
  if (key.expiryDate <= now) return 'expired';
  return key.expiryDate <= soon ? 'expiring_soon' : 'active';
}

/** The moment before which a key counts as expiring soon. */
export function soonAfter(nowMillis: number, days: number): Instant {
  return toInstant(nowMillis + days * DAY);
}

/** How many days before its expiry the owner of a key is told (K18). */
export const NOTICE_DAYS = [30, 14, 7, 1] as const;

/** The last notice that is due by now, in days; null when none is, or the key is past its expiry. */
export function noticeOf(expiryDate: Instant | null, now: Instant): number | null {
  if (expiryDate === null || expiryDate <= now) return null;
  const left = toMillis(expiryDate) - toMillis(now);
  return NOTICE_DAYS.findLast((days) => left <= days * DAY) ?? null;
}
