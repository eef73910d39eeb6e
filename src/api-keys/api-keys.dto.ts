import { ApiProperty, PartialType } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { Choice, Flag, Id, IdList, Integer, Moment, RangeList, Sort, Text, TextList } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import { Secret } from '../common/secret.decorator.js';
import { API_KEY_STATUSES, type ApiKeyStatus } from './api-key.status.js';
import type { ApiKeyView } from './api-key.view.js';
import { ChildApiKeyResponse } from './children/children.dto.js';
import type { ApiKeyDetails } from './children/children.view.js';

export class CreateApiKeyRequest {
  /** What the key is for; shown in lists and audit records. */
  @Text({ max: 100, example: 'Billing export' })
  name!: string;

  @Text({ max: 500, optional: true, nullable: true, example: 'Nightly export to accounting' })
  description?: string | null;

  /** A date means the end of that day in UTC. Null = never, where the policy allows it. */
  @Moment({ optional: true, nullable: true, example: '2030-12-31' })
  expiry_date?: string | null;

  /** Permission identifiers, in any letter case. One gives only what one holds. */
  @TextList({ max: 200, optional: true, lowerCase: true, example: ['view_customer'] })
  permissions?: string[];

  /** Role names; the key gets what each of them grants, now and later. */
  @TextList({ max: 50, optional: true, example: [] })
  roles?: string[];

  /** The customers that the key acts for: an own-scoped key without any sees nothing. */
  @IdList({ max: 1_000, optional: true, example: [] })
  customer_ids?: number[];

  /** Requests a minute; null = the default of the configuration. */
  @Integer({ min: 1, max: 1_000_000, optional: true, nullable: true, example: null })
  rate_limit?: number | null;

  /** Addresses and networks that the key may be used from; null = anywhere. */
  @RangeList({ min: 1, max: 100, optional: true, nullable: true, anywhere: true, example: null })
  allowed_addresses?: string[] | null;

  /** Must be true for `allowed_addresses` with the whole internet in them (`0.0.0.0/0`, `::/0`); nothing else asks for it. */
  @Flag({ optional: true, example: false })
  force?: boolean;

  /** The key never holds more than its creator holds at that moment, and ends with them. */
  @Flag({ optional: true, example: false })
  bound_to_creator?: boolean;

  /** A protected key cannot be revoked or regenerated until this is false again. */
  @Flag({ optional: true, example: false })
  protected?: boolean;
}

export class UpdateApiKeyRequest extends PartialType(CreateApiKeyRequest, { skipNullProperties: false }) {}

export class ListApiKeysQuery extends ListQuery {
  /** Beginnings of words of name, description and the visible part of the key. */
  @Text({ max: 200, optional: true })
  search?: string;

  /** Without it: all but revoked; `all` shows those too. `active` includes `expiring_soon`. */
  @Choice(['all', ...API_KEY_STATUSES], { optional: true })
  status?: ApiKeyStatus | 'all';

  /** Only keys made through the API, or only those of the configuration file. */
  @Choice(['database', 'config'], { optional: true })
  source?: 'database' | 'config';

  /** Only keys that this key made. */
  @Id({ optional: true, query: true, example: 12 })
  parent_api_key_id?: number;

  /** A leading minus turns the order round; without it, by id. */
  @Sort(['api_key_id', 'name', 'created', 'expiry_date', 'created_by', 'last_used_at'])
  sort?: string;
}

export class ApiKeyResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 12 })
  api_key_id!: number;

  @ApiProperty({ example: 'Billing export' })
  name!: string;

  @ApiProperty({ type: String, nullable: true, example: 'Nightly export to accounting' })
  description!: string | null;

  /** Null for keys of the configuration file. */
  @ApiProperty({ type: String, nullable: true, example: 'admin@example.com' })
  created_by!: string | null;

  /** Masked: the prefix and the last four characters. */
  @Secret()
  @ApiProperty({ example: 'sk_live_...a1B2' })
  api_key!: string;

  @ApiProperty({ enum: API_KEY_STATUSES })
  status!: ApiKeyStatus;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2030-12-31T23:59:59.000Z' })
  expiry_date!: string | null;

  /** Direct grants. */
  @ApiProperty({ type: [String], example: ['view_customer'] })
  permissions!: string[];

  @ApiProperty({ type: [String], example: [] })
  roles!: string[];

  @ApiProperty({ type: [Number], example: [] })
  customer_ids!: number[];

  @ApiProperty({ type: Number, nullable: true, example: null })
  rate_limit!: number | null;

  @ApiProperty({ type: [String], nullable: true, example: null })
  allowed_addresses!: string[] | null;

  @ApiProperty()
  bound_to_creator!: boolean;

  @ApiProperty()
  protected!: boolean;

  @ApiProperty({ enum: ['database', 'config'] })
  source!: string;

  @ApiProperty({ enum: ['organization', 'personal'] })
  kind!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  last_used_at!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  last_used_address!: string | null;

  static from(this: void, { key, roles, customerIds, status }: ApiKeyView): ApiKeyResponse {
    return {
      api_key_id: key.apiKeyId,
      name: key.name,
      description: key.description,
      created_by: key.createdBy,
      api_key: key.mask,
      status,
      created: key.created,
      expiry_date: key.expiryDate,
      permissions: key.permissions,
      roles: roles.map((role) => role.name),
      customer_ids: [...customerIds],
      rate_limit: key.rateLimit,
      allowed_addresses: key.allowedAddresses,
      bound_to_creator: key.isBoundToCreator,
      protected: key.isProtected,
      source: key.source,
      kind: key.kind,
      last_used_at: key.lastUsedAt,
      last_used_address: key.lastUsedAddress,
      [VERSION]: key.version,
    };
  }
}

export class ApiKeyDetailsResponse extends ApiKeyResponse {
  /** Direct grants and every role's. */
  @ApiProperty({ type: [String], example: ['view_customer'] })
  effective_permissions!: string[];

  /** The key that made this one; null when a user, the command line or the configuration file did. */
  @ApiProperty({ type: Number, nullable: true, example: null })
  parent_api_key_id!: number | null;

  /** Keys that this one made: those that work first, at most a hundred. `?parent_api_key_id=` lists all. */
  @ApiProperty({ type: [ChildApiKeyResponse] })
  children!: ChildApiKeyResponse[];

  static override from(this: void, details: ApiKeyDetails): ApiKeyDetailsResponse {
    return {
      ...ApiKeyResponse.from(details),
      effective_permissions: details.effectivePermissions,
      parent_api_key_id: details.key.createdByKeyId,
      children: details.children.map(ChildApiKeyResponse.from),
    };
  }
}

export class CreatedApiKeyResponse extends ApiKeyDetailsResponse {
  /** The whole key. It is shown this once and cannot be retrieved again. */
  @Secret()
  @ApiProperty({ example: 'sk_live_…' })
  override api_key!: string;

  static withSecret(this: void, { view, secret }: { view: ApiKeyView; secret: string }): CreatedApiKeyResponse {
    return { ...ApiKeyDetailsResponse.from({ ...view, children: [] }), api_key: secret };
  }
}

export const ApiKeyList = listResponseOf(ApiKeyResponse);
