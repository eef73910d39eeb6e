import { DAY, type Instant, toMillis } from '../../common/clock.js';
import type { ApiKeyView } from '../api-key.view.js';

export const ADVICE_CODES = ['admin', 'unused_permissions', 'never_used', 'never_expires', 'creator_gone'] as const;
export type AdviceCode = (typeof ADVICE_CODES)[number];

/** Rights that were not used for so long are not needed. */
export const UNUSED_DAYS = 90;

export interface Advice {
  readonly code: AdviceCode;
  /** What is wrong and what to do about it. */
  readonly detail: string;
  /** The permissions that it is about: those not used, or for an admin key those that would have been enough. */
  readonly permissions: readonly string[];
}

/** What there is to know about a key beyond the key itself. */
export interface KeyFacts {
  readonly now: Instant;
  /** Permissions that let a request in within the last 90 days. */
  readonly used: ReadonlySet<string>;
  readonly isCreatorGone: boolean;
}

/** What should be done about a key (K20), gravest first. */
export function adviceFor({ key, effectivePermissions }: ApiKeyView, { now, used, isCreatorGone }: KeyFacts): Advice[] {
  const advice: Advice[] = [];
  const isAdmin = effectivePermissions.includes('admin');
  const isOld = toMillis(now) - toMillis(key.created) >= UNUSED_DAYS * DAY;
  const unused = effectivePermissions.filter((permission) => !used.has(permission));
  if (isAdmin) advice.push(adminAdvice([...used].sort()));
  else if (isOld && unused.length > 0) advice.push(unusedAdvice(unused));
  if (key.lastUsedAt === null) advice.push(NEVER_USED);
  if (key.expiryDate === null) advice.push(NEVER_EXPIRES);
  if (isCreatorGone) advice.push(CREATOR_GONE);
  return advice;
}

function adminAdvice(used: readonly string[]): Advice {
  const instead =
    used.length > 0
      ? `grant what it made use of in ${UNUSED_DAYS} days: ${used.join(', ')}`
      : 'grant only what it needs';
  return { code: 'admin', detail: `The key may do everything: ${instead}.`, permissions: used };
}

function unusedAdvice(unused: readonly string[]): Advice {
  const detail = `Not used in ${UNUSED_DAYS} days, so take it from the key: ${unused.join(', ')}.`;
  return { code: 'unused_permissions', detail, permissions: unused };
}

const NEVER_USED: Advice = {
  code: 'never_used',
  detail: 'The key was never used: revoke it, unless somebody is about to use it.',
  permissions: [],
};

const NEVER_EXPIRES: Advice = {
  code: 'never_expires',
  detail: 'The key never expires: set an expiry_date, 90 days to a year from now.',
  permissions: [],
};

const CREATOR_GONE: Advice = {
  code: 'creator_gone',
  detail: 'Whoever made the key is deactivated, deleted or revoked: find out who needs it, or revoke it.',
  permissions: [],
};
