import { timingSafeEqual } from 'node:crypto';
import { generateSecret, generateSync, generateURI } from 'otplib';
import { SECOND } from '../../common/clock.js';

type Options = NonNullable<Parameters<typeof generateSync>[0]>;
/** RFC 6238 with what every authenticator takes for granted: SHA-1, six digits, thirty seconds. */
type Variant = Pick<Options, 'algorithm' | 'digits'>;

const STEP_SECONDS = 30;
const ISSUER = 'OmniCRM';
/** One step before and after the present one (RFC 6238, 5.2): clocks differ, and people type slowly. */
const WINDOW = [-1, 0, 1];
const SHAPE = /^\d{6}$/;

/** 160 bits in base 32, as RFC 4226 recommends. */
export function freshSecret(): string {
  return generateSecret();
}

export function stepOf(millis: number): number {
  return Math.floor(millis / SECOND / STEP_SECONDS);
}

export function codeAt(secret: string | Uint8Array, step: number, variant: Variant = {}): string {
  return generateSync({ secret, epoch: step * STEP_SECONDS, period: STEP_SECONDS, ...variant });
}

/** The latest time step around this moment that the code is right for, or null. Every step is compared, each in constant time. */
export function matchingStep(secret: string, typed: string, millis: number): number | null {
  const code = typed.replace(/\s/g, '');
  if (!SHAPE.test(code)) return null;
  const presented = Buffer.from(code);
  const now = stepOf(millis);
  const matches = WINDOW.map((offset) => now + offset).filter((step) =>
    timingSafeEqual(Buffer.from(codeAt(secret, step)), presented),
  );
  return matches.at(-1) ?? null;
}

/** What the picture says to an authenticator. */
export function otpauthUrl(secret: string, email: string): string {
  return generateURI({ issuer: ISSUER, label: email, secret });
}
