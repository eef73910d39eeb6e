import { ApiProperty } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { SecretText, Text } from '../common/fields.js';
import { Secret } from '../common/secret.decorator.js';
import { PASSWORD_LENGTH } from '../platform/secrets/password-policy.js';
import type { UserView } from '../users/users.service.js';

export class ChangePasswordRequest {
  @SecretText({ max: PASSWORD_LENGTH.max, example: 'correct horse battery staple' })
  @Secret()
  current_password!: string;

  /** 12 to 128 characters of any kind; not the e-mail address, and none of the most common passwords. */
  @SecretText({ ...PASSWORD_LENGTH, example: 'a better horse, a newer staple' })
  @Secret()
  new_password!: string;
}

export class UpdateProfileRequest {
  @Text({ max: 200, optional: true, example: 'Maria Keller' })
  name?: string;
}

/** One's own account. */
export class ProfileResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 2 })
  user_id!: number;

  @ApiProperty({ example: 'maria@example.com' })
  email!: string;

  @ApiProperty({ example: 'Maria Keller' })
  name!: string;

  @ApiProperty({ type: [String], example: ['Support'] })
  roles!: string[];

  @ApiProperty({ type: [Number], example: [] })
  customer_ids!: number[];

  @ApiProperty({ example: false })
  two_factor_enabled!: boolean;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  last_login_at!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  updated!: string;

  static from(this: void, { user, roles, customerIds }: UserView): ProfileResponse {
    return {
      user_id: user.userId,
      email: user.email,
      name: user.name,
      roles: roles.map((role) => role.name),
      customer_ids: [...customerIds],
      two_factor_enabled: user.twoFactorSince !== null,
      last_login_at: user.lastLoginAt,
      created: user.created,
      updated: user.updated,
      [VERSION]: user.version,
    };
  }
}
