import { IpRange } from '../../common/ip-range.js';
import type { TrustedAddressEntry } from './config.schema.js';

/** What a schema of single fields cannot say. Each rule answers the rest of a sentence, or null when all is well. */

/** Printed in the public documentation, so everybody knows them. */
const PUBLIC_KEYS = new Set(['your-secure-api-key-here-minimum-32-chars', 'another-api-key-for-monitoring-system']);

const MIN_KEY_LENGTH = 32;
const MIN_KEY_CHARACTERS = 10;

/** The deeper check, through what a role contains, is made where roles are known. */
const ADMINISTRATIVE = ['admin', 'manage_api_keys', 'manage_scim'];

export function isPublicKey(key: string): boolean {
  return PUBLIC_KEYS.has(key);
}

/** `host` is where the server listens; null when that is not known because it is a problem itself. */
export function keyProblem(key: string, host: string | null): string | null {
  if (!/^[\x21-\x7e]*$/.test(key)) return 'the key holds a blank or a character outside printable ASCII';
  if (key.length < MIN_KEY_LENGTH) return `the key has ${key.length} characters; at least ${MIN_KEY_LENGTH} are needed`;
  if (/^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(key))
    return 'the key looks like a JWT; a bearer token could not be told from it';
  if (new Set(key).size < MIN_KEY_CHARACTERS) {
    return `the key has fewer than ${MIN_KEY_CHARACTERS} different characters and cannot be random`;
  }
  if (isPublicKey(key) && host !== null && !isLoopback(host)) {
    return 'the key is printed in the public documentation; it is accepted only while CRM_HOST is a loopback address';
  }
  return null;
}

export function trustedAddressProblem(entry: TrustedAddressEntry, proxies: readonly IpRange[]): string | null {
  const { address } = entry;
  if (address.prefix === 0) return `${address.toString()} would trust every address on earth`;
  const proxy = proxies.find((range) => range.covers(address));
  if (proxy)
    return `${address.toString()} is a trusted proxy's own (${proxy.toString()}); everybody behind it would be trusted`;
  if (!address.isPrivate && !entry.allow_public) {
    return `${address.toString()} is public; if it is yours alone, say so with allow_public: true`;
  }
  const roles = administrativeOf(rolesOf(entry) ?? []);
  if (roles.length === 0 || entry.allow_admin) return null;
  return `gives ${roles.join(', ')} to an address; if that is meant, say so with allow_admin: true`;
}

/** Entries that name no role get the default ones, and a bare address cannot say `allow_admin`. */
export function defaultRolesProblem(roles: readonly string[]): string | null {
  const found = administrativeOf(roles);
  if (found.length === 0) return null;
  return `may not hold ${found.join(', ')}; give it to single entries that say allow_admin: true`;
}

export function rolesOf(entry: TrustedAddressEntry): readonly string[] | null {
  if (!entry.roles && !entry.permissions) return null;
  return [...new Set([...(entry.roles ?? []), ...(entry.permissions ?? [])])];
}

function administrativeOf(roles: readonly string[]): string[] {
  return ADMINISTRATIVE.filter((name) => roles.includes(name));
}

function isLoopback(host: string): boolean {
  const range = IpRange.parse(host);
  return range instanceof IpRange ? range.isLoopback : host.toLowerCase() === 'localhost';
}
