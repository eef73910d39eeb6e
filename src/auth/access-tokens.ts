import { Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { type Instant, MINUTE, toInstant } from '../common/clock.js';
import { Revisions } from '../platform/database/revisions.js';
import { Secrets } from '../platform/secrets/secrets.service.js';

/** RFC 9068: an explicit type, so that no token stands in for another kind. */
export const ACCESS_TOKEN = {
  algorithm: 'RS256',
  type: 'at+jwt',
  issuer: 'omnicrm',
  audience: 'omnicrm',
  lifeSeconds: (15 * MINUTE) / 1_000,
} as const;

export interface AccessTokenClaims {
  readonly sub: string;
  /** The session that the token belongs to: it dies with it. */
  readonly sid: number;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
}

@Injectable()
export class AccessTokens {
  constructor(
    private readonly secrets: Secrets,
    revisions: Revisions,
  ) {
    // A key that was taken out of the file takes along what it signed, however lately that was verified.
    secrets.signingKeys.onChange(() => revisions.stale());
  }

  /** The same session, moment and key make the same token: RS256 is deterministic, and a retried refresh needs that. */
  issue(userId: number, sessionId: number, issuedAtMillis: number): string {
    const { kid, privateKey } = this.secrets.signingKeys.current;
    const iat = Math.floor(issuedAtMillis / 1_000);
    const claims: AccessTokenClaims = {
      sub: String(userId),
      sid: sessionId,
      iat,
      nbf: iat,
      exp: iat + ACCESS_TOKEN.lifeSeconds,
    };
    return jwt.sign({ ...claims, iss: ACCESS_TOKEN.issuer, aud: ACCESS_TOKEN.audience }, privateKey, {
      algorithm: ACCESS_TOKEN.algorithm,
      header: { alg: ACCESS_TOKEN.algorithm, typ: ACCESS_TOKEN.type, kid },
    });
  }

  /** Of a token that was verified before. */
  issuedAt(token: string): Instant | null {
    const claims = jwt.decode(token, { json: true });
    return claims?.iat === undefined ? null : toInstant(claims.iat * 1_000);
  }
}
