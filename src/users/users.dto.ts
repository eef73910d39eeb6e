import { ApiProperty } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { Choice, Email, IdList, SecretText, Sort, Text, TextList } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import { Secret } from '../common/secret.decorator.js';
import { PASSWORD_LENGTH } from '../platform/secrets/password-policy.js';
import type { UserView } from './user.view.js';

const USER_STATUSES = ['active', 'invited', 'deactivated'];

export class CreateUserRequest {
  /** Unique, whatever its letter case. */
  @Email({ example: 'maria@example.com' })
  email!: string;

  @Text({ max: 200, example: 'Maria Keller' })
  name!: string;

  /**
   * 12 to 128 characters of any kind; not the e-mail address, and none of the most common passwords. Without one the user
   * is invited by mail to choose it.
   */
  @SecretText({ ...PASSWORD_LENGTH, optional: true, example: 'correct horse battery staple' })
  @Secret()
  password?: string;

  /** Role names. One gives only what one holds. Who may only look after users of their own customers need not say `Customer`. */
  @TextList({ max: 50, optional: true, example: ['Support'] })
  roles?: string[];

  /** The customers that `own` permissions will speak of. */
  @IdList({ max: 1_000, optional: true, example: [] })
  customer_ids?: number[];
}

export class UpdateUserRequest {
  @Text({ max: 200, optional: true, example: 'Maria Keller' })
  name?: string;

  /** Counts once it is verified: a token is mailed there, and a notice to the present address. */
  @Email({ optional: true, example: 'maria.keller@example.com' })
  email?: string;

  /** A deactivated user is refused on the very next request. Who has no password yet is `invited` instead of active. */
  @Choice(['active', 'deactivated'], { optional: true, example: 'active' })
  status?: 'active' | 'deactivated';

  /** They replace the present ones. */
  @IdList({ max: 1_000, optional: true, example: [] })
  customer_ids?: number[];
}

export class SetUserRolesRequest {
  /** Role names; they replace the present ones. */
  @TextList({ max: 50, example: ['Support'] })
  roles!: string[];
}

export class ListUsersQuery extends ListQuery {
  /** Beginnings of words of name and e-mail, or the id; of the name alone where the e-mail may not be read. */
  @Text({ max: 200, optional: true })
  search?: string;

  /** Only users in this state. */
  @Choice(USER_STATUSES, { optional: true })
  status?: string;

  /** A leading minus turns the order round; without it, by id. */
  @Sort(['user_id', 'email', 'created', 'last_login_at'])
  sort?: string;
}

export class UserResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 2 })
  user_id!: number;

  /** Absent for whoever may not read it: `view_basic_user` leaves it out. */
  @ApiProperty({ required: false, example: 'maria@example.com' })
  email?: string;

  @ApiProperty({ example: 'Maria Keller' })
  name!: string;

  @ApiProperty({ enum: USER_STATUSES })
  status!: string;

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

  static from(this: void, { user, roles, customerIds }: UserView): UserResponse {
    return {
      user_id: user.userId,
      email: user.email,
      name: user.name,
      status: user.status,
      roles: roles.map((role) => role.name),
      customer_ids: [...customerIds],
      two_factor_enabled: user.twoFactorSince !== null,
      last_login_at: user.lastLoginAt,
      created: user.created,
      updated: user.updated,
      [VERSION]: user.version,
    };
  }

  /** For who may change a user without seeing it: 204 instead of the row. */
  static orNothing(
    this: void,
    view: UserView | null,
    present: (view: UserView) => UserResponse,
  ): UserResponse | undefined {
    return view ? present(view) : undefined;
  }
}

export const UserList = listResponseOf(UserResponse);
