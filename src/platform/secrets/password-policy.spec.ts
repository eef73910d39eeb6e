import { RuleBroken } from '../../common/errors.js';
import { commonPasswords } from './common-passwords.js';
import { assertAcceptablePassword, PASSWORD_LENGTH } from './password-policy.js';

const EMAIL = 'Maria.Keller@example.com';
const judged = (password: string): string => {
  try {
    assertAcceptablePassword(password, EMAIL);
    return 'taken';
  } catch (error) {
    return error instanceof RuleBroken ? error.code : String(error);
  }
};

describe('assertAcceptablePassword', () => {
  it.each([
    '1q2w3e4r5t6y',
    'qwerty123456',
    '123456789012',
    'passwordpassword',
    'Password1234',
    'ADMINISTRATOR',
    ' password1234 ',
  ])('refuses %j, in any letter case', (password) => expect(judged(password)).toBe('passwords.too_common'));

  it.each([EMAIL, EMAIL.toLowerCase(), EMAIL.toUpperCase(), ` ${EMAIL}`, EMAIL.replace('@', '\uff20')])(
    'refuses the e-mail as %j',
    (password) => expect(judged(password)).toBe('passwords.is_email'),
  );

  it.each([
    'correct horse battery staple',
    'qwerty1234567890!',
    `${EMAIL}1`,
    '            ',
    'e\u0301'.repeat(10),
    '__proto__    ',
  ])('takes %j: there is no rule about kinds of characters', (password) => expect(judged(password)).toBe('taken'));
});

describe('the list', () => {
  it('has ten thousand different entries, none of which the length refuses anyway', () => {
    expect(commonPasswords().size).toBe(10_000);
    const { min, max } = PASSWORD_LENGTH;
    expect([...commonPasswords()].filter((it) => it.length < min || it.length > max)).toEqual([]);
    expect([...commonPasswords()].filter((it) => it !== it.toLowerCase())).toEqual([]);
  });
});
