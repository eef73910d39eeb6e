import type { Instant } from './clock.js';
import type { IpAddress, IpRange } from './ip-range.js';

export type PrincipalKind = 'user' | 'api_key' | 'personal_token' | 'address' | 'system';

/** What was presented to prove who is asking. */
export type CredentialKind = 'jwt' | 'api_key' | 'address' | 'command_line';

/** `demanded` = a second factor is demanded of this user and not set up: hardly anything is open until it is. */
export type TwoFactorState = 'off' | 'on' | 'demanded';

/** Whoever asks, however they proved it. Every floor above speaks of nobody else. */
export interface Principal {
  readonly kind: PrincipalKind;
  /** The row of the user or key; null for a trusted address and for the system itself. */
  readonly id: number | null;
  readonly name: string;
  readonly roles: readonly string[];
  /** Effective permissions: the union of what was granted directly and through roles. */
  readonly permissions: ReadonlySet<string>;
  /** The customers that `own` permissions speak of. */
  readonly customerIds: readonly number[];
  readonly expiresAt: Instant | null;
  readonly credential: CredentialKind;
  /** The session behind an access token; null for everybody else. */
  readonly sessionId: number | null;
  /** A key that is being replaced was presented by its old value. */
  readonly isOutdated: boolean;
  /** Where a key may be used from; null = anywhere. */
  readonly allowedAddresses: readonly IpRange[] | null;
  /** Requests a minute for this very principal; null = what its kind gets by default. */
  readonly rateLimit: number | null;
  /** Of a user's own session; everybody else has no second factor. */
  readonly twoFactor?: TwoFactorState;
}

/** The command line and the clock: they act for the operator who owns the machine. */
export function systemPrincipal(name: string): Principal {
  return {
    kind: 'system',
    id: null,
    name,
    roles: [],
    permissions: new Set(['admin']),
    customerIds: [],
    expiresAt: null,
    credential: 'command_line',
    sessionId: null,
    isOutdated: false,
    allowedAddresses: null,
    rateLimit: null,
  };
}

/** One word for one principal, as limits, last use and idempotency count them. */
export function principalKey(principal: Principal): string {
  return `${principal.kind}:${principal.id ?? principal.name}`;
}

/** A key's own list of addresses (K13); nobody knows where a request without an address comes from. */
export function mayComeFrom({ allowedAddresses }: Principal, ip: IpAddress | null): boolean {
  return allowedAddresses === null || (ip !== null && allowedAddresses.some((range) => range.contains(ip)));
}
