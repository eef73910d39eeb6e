import { randomBytes } from 'node:crypto';

/** RFC 4648: 32 letters, so a byte favours none of them; neither 0 nor 1, which people take for o and l. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 10;
const SHAPE = new RegExp(`^[${ALPHABET}]{${LENGTH}}$`);

/** 50 bits, shown as `abcde-fghij`. */
export function randomBackupCode(): string {
  const letters = [...randomBytes(LENGTH)].map((byte) => ALPHABET.charAt(byte % ALPHABET.length)).join('');
  return `${letters.slice(0, LENGTH / 2)}-${letters.slice(LENGTH / 2)}`;
}

/** As it was made, however it was typed: without blanks and hyphens, in lower case. Null = it has not the shape of one. */
export function plainBackupCode(typed: string): string | null {
  const plain = typed.replace(/[\s-]/g, '').toLowerCase().replaceAll('0', 'o').replaceAll('1', 'l');
  return SHAPE.test(plain) ? plain : null;
}
