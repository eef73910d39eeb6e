import { DAY, type Instant, toInstant } from '../common/clock.js';

export type ApiKeyStatus = 'active' | 'expiring_soon' | 'expired' | 'revoked';

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
