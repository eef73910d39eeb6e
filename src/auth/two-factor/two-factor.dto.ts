import { ApiProperty } from '@nestjs/swagger';
import { SecretText } from '../../common/fields.js';
import { Secret } from '../../common/secret.decorator.js';
import type { Enrolment } from './two-factor.service.js';

/** A code of six digits, or a backup code with its hyphen; both may be typed with blanks. */
const CODE = { max: 32, example: '492039' };

/** The password was right, and a second factor is due. */
export class LoginChallengeResponse {
  @ApiProperty({ enum: [true], example: true })
  two_factor_required!: true;

  /** Good for five tries within five minutes, and for nothing but `POST /crm/auth/login/2fa`. */
  @Secret()
  @ApiProperty({ example: 'tfc1…' })
  challenge_token!: string;

  static from(this: void, challengeToken: string): LoginChallengeResponse {
    return { two_factor_required: true, challenge_token: challengeToken };
  }
}

export class LoginCodeRequest {
  /** As it came from login. */
  @SecretText({ max: 4_096, example: 'tfc1…' })
  @Secret()
  challenge_token!: string;

  /** What the authenticator shows, or a backup code. */
  @SecretText(CODE)
  code!: string;
}

export class EnableTwoFactorRequest {
  /** Your own: a session that somebody left open is not enough. */
  @SecretText({ max: 128, example: 'correct horse battery staple' })
  @Secret()
  password!: string;
}

export class VerifyTwoFactorRequest {
  /** What the authenticator shows once it has the secret. */
  @SecretText(CODE)
  code!: string;
}

export class ChangeTwoFactorRequest {
  /** Your own. */
  @SecretText({ max: 128, example: 'correct horse battery staple' })
  @Secret()
  password!: string;

  /** What the authenticator shows, or a backup code. */
  @SecretText(CODE)
  code!: string;
}

/** What an authenticator needs: it is shown this once. */
export class EnrolmentResponse {
  @Secret()
  @ApiProperty({ example: 'otpauth://totp/OmniCRM:maria%40example.com?secret=…&issuer=OmniCRM' })
  otpauth_url!: string;

  /** The same as a picture to scan. */
  @Secret()
  @ApiProperty({ example: '<svg xmlns="http://www.w3.org/2000/svg">…</svg>' })
  qr_svg!: string;

  /** The same to type in, in base 32. */
  @Secret()
  @ApiProperty({ example: 'JBSWY3DPEHPK3PXP…' })
  secret!: string;

  static from(this: void, { otpauthUrl, qrSvg, secret }: Enrolment): EnrolmentResponse {
    return { otpauth_url: otpauthUrl, qr_svg: qrSvg, secret };
  }
}

export class BackupCodesResponse {
  /** Each stands in for one code of the authenticator. Earlier ones are worth nothing any more. */
  @Secret()
  @ApiProperty({ type: [String], example: ['abcde-fghij', 'klmno-pqrst'] })
  backup_codes!: string[];

  static from(this: void, codes: string[]): BackupCodesResponse {
    return { backup_codes: codes };
  }
}
