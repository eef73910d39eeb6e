import { defineErrors, RuleBroken } from '../../common/errors.js';
import { fold } from '../../common/text.js';
import { commonPasswords } from './common-passwords.js';

/** OWASP and NIST: length is what counts; no rules about kinds of characters. */
export const PASSWORD_LENGTH = { min: 12, max: 128 } as const;

export const PasswordErrors = defineErrors('passwords', {
  tooCommon: 'This password is among the most common ones, which are tried first: choose another.',
  isEmail: 'A password must not be the e-mail address of its account.',
});

/** The rules beyond length, wherever a password is set: over HTTP, at the first start, on the command line. */
export function assertAcceptablePassword(password: string, email: string): void {
  const folded = fold(password);
  if (folded === fold(email)) throw new RuleBroken(PasswordErrors.isEmail);
  if (commonPasswords().has(folded)) throw new RuleBroken(PasswordErrors.tooCommon);
}
