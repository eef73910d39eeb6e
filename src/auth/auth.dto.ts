import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { SecretText, Text } from '../common/fields.js';
import type { Principal } from '../common/principal.js';
import { Secret } from '../common/secret.decorator.js';
import { ACCESS_TOKEN } from './access-tokens.js';
import type { Challenged, LoggedIn } from './login.service.js';
import type { TokenPair } from './sessions.service.js';
import { LoginChallengeResponse } from './two-factor/two-factor.dto.js';

export class LoginRequest {
  @Text({ max: 254, example: 'admin@example.com' })
  email!: string;

  @SecretText({ max: 128, example: 'correct horse battery staple' })
  @Secret()
  password!: string;
}

export class RefreshRequest {
  /** As it came from login or the last refresh. */
  @SecretText({ max: 4_096, example: 'rt1…' })
  @Secret()
  refresh_token!: string;
}

export class LoginUserResponse {
  @ApiProperty({ example: 1 })
  id!: number;

  @ApiProperty({ example: 'admin@example.com' })
  email!: string;

  @ApiProperty({ example: 'Administrator' })
  name!: string;
}

export class LoginResponse {
  /** The access token: send it as `Authorization: Bearer`. */
  @Secret()
  @ApiProperty({ example: 'eyJ…' })
  token!: string;

  @ApiProperty({ example: 'Bearer' })
  token_type!: 'Bearer';

  /** Seconds until the access token ends. */
  @ApiProperty({ example: 900 })
  expires_in!: number;

  /** Good for one refresh, which hands out the next one. */
  @Secret()
  @ApiProperty({ example: 'rt1…' })
  refresh_token!: string;

  @ApiProperty()
  user!: LoginUserResponse;

  @ApiProperty({ type: [String], example: ['Admin'] })
  roles!: string[];

  @ApiProperty({ type: [String], example: ['admin'] })
  permissions!: string[];

  /** There only where it is true: two-factor is demanded, and this token reaches nothing else until it is set up. */
  @ApiPropertyOptional({ enum: [true], example: true })
  two_factor_enrolment_required?: true;

  static of(this: void, login: LoggedIn | Challenged): LoginResponse | LoginChallengeResponse {
    return 'pair' in login ? LoginResponse.from(login.pair) : LoginChallengeResponse.from(login.challengeToken);
  }

  static from(this: void, { token, refreshToken, user, permissions, twoFactor }: TokenPair): LoginResponse {
    return {
      token,
      token_type: 'Bearer',
      expires_in: ACCESS_TOKEN.lifeSeconds,
      refresh_token: refreshToken,
      user: { id: user.user.userId, email: user.user.email, name: user.user.name },
      roles: user.roles.map((role) => role.name),
      permissions: [...permissions].sort(),
      ...(twoFactor === 'demanded' ? { two_factor_enrolment_required: true } : {}),
    };
  }
}

/** Who is asking, as the server sees it. */
export class WhoamiResponse {
  @ApiProperty({ enum: ['user', 'api_key', 'personal_token', 'address'] })
  kind!: string;

  /** Null for a trusted address. */
  @ApiProperty({ type: Number, nullable: true, example: 1 })
  id!: number | null;

  @ApiProperty({ example: 'admin@example.com' })
  name!: string;

  @ApiProperty({ type: [String], example: ['Admin'] })
  roles!: string[];

  @ApiProperty({ type: [String], example: ['admin'] })
  permissions!: string[];

  /** The customers that `own` permissions speak of. */
  @ApiProperty({ type: [Number], example: [] })
  customer_ids!: number[];

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-21T09:45:00.000Z' })
  expires_at!: string | null;

  /** What was presented. */
  @ApiProperty({ enum: ['jwt', 'api_key', 'address'] })
  credential!: string;

  static from(this: void, principal: Principal): WhoamiResponse {
    return {
      kind: principal.kind,
      id: principal.id,
      name: principal.name,
      roles: [...principal.roles],
      permissions: [...principal.permissions].sort(),
      customer_ids: [...principal.customerIds],
      expires_at: principal.expiresAt,
      credential: principal.credential,
    };
  }
}

/** An RSA key, RFC 7517. */
export class JwkResponse {
  @ApiProperty({ example: 'RSA' })
  kty!: string;

  /** Named in the header of each token that it signed. */
  @ApiProperty({ example: 'q3LcPZ0vR8dXn1Wb' })
  kid!: string;

  @ApiProperty({ example: 'RS256' })
  alg!: string;

  @ApiProperty({ example: 'sig' })
  use!: string;

  /** Modulus, base64url. */
  @ApiProperty({ example: 'sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXbo' })
  n!: string;

  /** Exponent, base64url. */
  @ApiProperty({ example: 'AQAB' })
  e!: string;
}

export class JwksResponse {
  /** Public halves only; the first one signs. */
  @ApiProperty({ type: [JwkResponse] })
  keys!: JwkResponse[];
}
