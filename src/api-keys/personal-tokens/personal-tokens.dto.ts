import { ApiProperty } from '@nestjs/swagger';
import { VERSION } from '../../common/etag.js';
import { Choice, Id, Moment, RangeList, Sort, Text, TextList } from '../../common/fields.js';
import { ListQuery, listResponseOf } from '../../common/page.js';
import { Secret } from '../../common/secret.decorator.js';
import { API_KEY_STATUSES, type ApiKeyStatus } from '../api-key.status.js';
import type { ApiKeyView } from '../api-key.view.js';

export class CreatePersonalTokenRequest {
  /** What the token is for; shown in lists and audit records. */
  @Text({ max: 100, example: 'Scripts on my laptop' })
  name!: string;

  @Text({ max: 500, optional: true, nullable: true, example: null })
  description?: string | null;

  /** A date means the end of that day in UTC. Null = never, where the policy allows it. */
  @Moment({ optional: true, nullable: true, example: '2030-12-31' })
  expiry_date?: string | null;

  /** Permission identifiers, in any letter case, of those that you hold. Without it: all that you hold at this moment. */
  @TextList({ min: 1, max: 200, optional: true, lowerCase: true, example: ['view_customer'] })
  permissions?: string[];

  /** Addresses and networks that the token may be used from; null = anywhere. */
  @RangeList({ min: 1, max: 100, optional: true, nullable: true, example: null })
  allowed_addresses?: string[] | null;
}

export class ListPersonalTokensQuery extends ListQuery {
  /** Beginnings of words of name, description and the visible part of the token. */
  @Text({ max: 200, optional: true })
  search?: string;

  /** Without it: all but revoked; `all` shows those too. `active` includes `expiring_soon`. */
  @Choice(['all', ...API_KEY_STATUSES], { optional: true })
  status?: ApiKeyStatus | 'all';

  /** Whose; somebody else's need `manage_personal_tokens`, which without it sees everybody's. */
  @Id({ optional: true, query: true, example: 3 })
  user_id?: number;

  /** A leading minus turns the order round; without it, by id. */
  @Sort(['personal_token_id', 'name', 'created', 'expiry_date', 'last_used_at'])
  sort?: string;
}

export class PersonalTokenResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 31 })
  personal_token_id!: number;

  /** Whose it is: it never holds more than this user, and acts for this user's customers. */
  @ApiProperty({ type: Number, example: 3 })
  user_id!: number;

  /** Always `personal`, as against the keys of the organisation. */
  @ApiProperty({ enum: ['personal'] })
  kind!: 'personal';

  @ApiProperty({ example: 'Scripts on my laptop' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  description!: string | null;

  /** The user's e-mail when the token was made. */
  @ApiProperty({ type: String, nullable: true, example: 'maria@example.com' })
  created_by!: string | null;

  /** Masked: the prefix and the last four characters. */
  @Secret()
  @ApiProperty({ example: 'pat_live_...a1B2' })
  token!: string;

  @ApiProperty({ enum: API_KEY_STATUSES })
  status!: ApiKeyStatus;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2030-12-31T23:59:59.000Z' })
  expiry_date!: string | null;

  /** What was given; of it counts what the user holds at the moment of each request. */
  @ApiProperty({ type: [String], example: ['view_customer'] })
  permissions!: string[];

  @ApiProperty({ type: [String], nullable: true, example: null })
  allowed_addresses!: string[] | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  last_used_at!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  last_used_address!: string | null;

  static from(this: void, { key, status }: ApiKeyView): PersonalTokenResponse {
    return {
      personal_token_id: key.apiKeyId,
      user_id: key.createdByUserId ?? 0,
      kind: 'personal',
      name: key.name,
      description: key.description,
      created_by: key.createdBy,
      token: key.mask,
      status,
      created: key.created,
      expiry_date: key.expiryDate,
      permissions: key.permissions,
      allowed_addresses: key.allowedAddresses,
      last_used_at: key.lastUsedAt,
      last_used_address: key.lastUsedAddress,
      [VERSION]: key.version,
    };
  }
}

export class CreatedPersonalTokenResponse extends PersonalTokenResponse {
  /** The whole token. It is shown this once and cannot be retrieved again. */
  @Secret()
  @ApiProperty({ example: 'pat_live_…' })
  override token!: string;

  static withSecret(this: void, { view, secret }: { view: ApiKeyView; secret: string }): CreatedPersonalTokenResponse {
    return { ...PersonalTokenResponse.from(view), token: secret };
  }
}

export const PersonalTokenList = listResponseOf(PersonalTokenResponse);
