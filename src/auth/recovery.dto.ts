import { Email, SecretText, Text } from '../common/fields.js';
import { Secret } from '../common/secret.decorator.js';
import { PASSWORD_LENGTH } from '../platform/secrets/password-policy.js';

const TOKEN = { max: 128, example: 'mail_…' };

export class ForgotPasswordRequest {
  /** In any spelling of the account's address. */
  @Text({ max: 254, example: 'maria@example.com' })
  email!: string;
}

export class ResetPasswordRequest {
  /** From the mail. */
  @SecretText(TOKEN)
  @Secret()
  token!: string;

  /** 12 to 128 characters of any kind; not the e-mail address, and none of the most common passwords. */
  @SecretText({ ...PASSWORD_LENGTH, example: 'a better horse, a newer staple' })
  @Secret()
  password!: string;
}

export class VerifyEmailRequest {
  /** From the mail. */
  @SecretText(TOKEN)
  @Secret()
  token!: string;
}

export class SignupRequest {
  @Email({ example: 'maria@example.com' })
  email!: string;

  @Text({ max: 200, example: 'Maria Keller' })
  name!: string;

  /** 12 to 128 characters of any kind; not the e-mail address, and none of the most common passwords. */
  @SecretText({ ...PASSWORD_LENGTH, example: 'correct horse battery staple' })
  @Secret()
  password!: string;
}
