import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const VISIBLE = 4;

/** Any prefix: a key made before `api_key_policy.prefix` changed keeps working. */
const FORMAT = new RegExp(`^[a-z][a-z0-9_]{1,14}_[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);

/** Prefix + 43 base62 characters (256 bit) + 6 of CRC-32 over what precedes (spec rule 1). */
export function generateKey(prefix: string): string {
  const body = prefix + randomBase62(SECRET_LENGTH);
  return body + checksum(body);
}

/** Whether a text has the shape of a generated key at all. */
export function looksGenerated(key: string): boolean {
  return FORMAT.test(key);
}

/** False for a mistyped key: it can be refused without asking the database. */
export function hasValidChecksum(key: string): boolean {
  const body = key.slice(0, -CHECKSUM_LENGTH);
  return checksum(body) === key.slice(-CHECKSUM_LENGTH);
}

/** `sk_live_...a1B2`: what may be shown, and searched, of a key (spec rule 12). */
export function maskOf(key: string): string {
  const prefix = looksGenerated(key) ? key.slice(0, -(SECRET_LENGTH + CHECKSUM_LENGTH)) : '';
  return `${prefix}...${key.slice(-VISIBLE)}`;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i += 1) {
    text = ALPHABET.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}

/** Bytes from 248 up would favour the first letters, so they are thrown away. */
export function randomBase62(length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length * 2)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}
