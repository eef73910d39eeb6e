import { ApiProperty } from '@nestjs/swagger';
import { toMillis } from '../common/clock.js';
import { SecretText, Text } from '../common/fields.js';
import { principalKey } from '../common/principal.js';
import { Secret } from '../common/secret.decorator.js';
import { ACCESS_TOKEN } from './access-tokens.js';
import type { Introspection } from './introspection.service.js';

export class IntrospectRequest {
  /** An access token or an API key, as it was presented to you. */
  @SecretText({ max: 16_384, example: 'eyJ…' })
  @Secret()
  token!: string;

  /** Taken and not needed: a token says itself what it is. */
  @Text({ max: 100, optional: true, example: 'access_token' })
  token_type_hint?: string;
}

/** RFC 7662. Everything but `active` is there only for a token that is alive. */
export class IntrospectionResponse {
  /** False for every token that is unknown, expired, revoked or for refreshing: nothing tells which. */
  @ApiProperty({ example: true })
  active!: boolean;

  /** Its permissions, joined by blanks. */
  @ApiProperty({ required: false, example: 'view_customer view_service' })
  scope?: string;

  /** Who holds it, in one word. */
  @ApiProperty({ required: false, example: 'user:2' })
  client_id?: string;

  /** The e-mail of a user, the name of a key. */
  @ApiProperty({ required: false, example: 'maria@example.com' })
  username?: string;

  @ApiProperty({ required: false, example: 'Bearer' })
  token_type?: string;

  /** When it ends, in seconds since 1970; absent when it does not. */
  @ApiProperty({ required: false, example: 1795255500 })
  exp?: number;

  /** When it was made, in seconds since 1970. */
  @ApiProperty({ required: false, example: 1795254600 })
  iat?: number;

  /** The id of the user or key. */
  @ApiProperty({ required: false, example: '2' })
  sub?: string;

  @ApiProperty({ required: false, example: 'omnicrm' })
  iss?: string;

  @ApiProperty({ required: false, enum: ['user', 'api_key', 'personal_token'] })
  kind?: string;

  @ApiProperty({ required: false, type: [String], example: ['Support'] })
  roles?: string[];

  /** The customers that `own` permissions speak of. */
  @ApiProperty({ required: false, type: [Number], example: [] })
  customer_ids?: number[];

  /** Where a key may be used from; null = anywhere. You know the address that presented it: judge it by this. */
  @ApiProperty({ required: false, type: [String], nullable: true, example: null })
  allowed_addresses?: string[] | null;

  static from(this: void, found: Introspection | null): IntrospectionResponse {
    if (!found) return { active: false };
    const { principal, issuedAt } = found;
    return {
      active: true,
      scope: [...principal.permissions].sort().join(' '),
      client_id: principalKey(principal),
      username: principal.name,
      token_type: 'Bearer',
      ...(principal.expiresAt === null ? {} : { exp: seconds(principal.expiresAt) }),
      ...(issuedAt === null ? {} : { iat: seconds(issuedAt) }),
      sub: String(principal.id),
      iss: ACCESS_TOKEN.issuer,
      kind: principal.kind,
      roles: [...principal.roles],
      customer_ids: [...principal.customerIds],
      allowed_addresses: principal.allowedAddresses?.map(String) ?? null,
    };
  }
}

function seconds(instant: string): number {
  return Math.floor(toMillis(instant) / 1_000);
}

export class ForwardQuery {
  /** The permission that the proxied request demands; without it, any known principal is let in. */
  @Text({ max: 100, optional: true })
  permission?: string;
}
