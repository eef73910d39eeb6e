import type { KeyObject } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Clock, toInstant } from '../../common/clock.js';
import { Unauthenticated } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import { ACCESS_TOKEN, type AccessTokenClaims } from '../access-tokens.js';
import { AuthErrors } from '../auth.errors.js';
import { SessionsService } from '../sessions.service.js';

/** RFC 8725: one algorithm, one type, our issuer and audience; nothing about the key is taken from the token but its name. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    secrets: Secrets,
    private readonly sessions: SessionsService,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      algorithms: [ACCESS_TOKEN.algorithm],
      issuer: ACCESS_TOKEN.issuer,
      audience: ACCESS_TOKEN.audience,
      // Times are judged below, by the injected clock and with an answer of their own.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
      secretOrKeyProvider: (_request: unknown, token: string, done: (error: Error | null, key?: KeyObject) => void) => {
        const key = keyFor(token, secrets);
        done(key ? null : new Error('no key of ours'), key);
      },
    } as never);
  }

  async validate(claims: AccessTokenClaims): Promise<Principal> {
    if (!isComplete(claims)) throw new Unauthenticated(AuthErrors.invalidCredentials);
    const now = this.clock.millis();
    const expiresAt = toInstant(claims.exp * 1_000);
    if (claims.exp * 1_000 <= now) {
      throw new Unauthenticated(AuthErrors.tokenExpired, { at: expiresAt });
    }
    const isEarly = claims.nbf * 1_000 > now;
    const principal = isEarly ? null : await this.sessions.principalOf(Number(claims.sub), claims.sid, expiresAt);
    if (!principal) throw new Unauthenticated(AuthErrors.invalidCredentials);
    return principal;
  }
}

/** Whatever else our key was made to sign, e.g. by an older version, is no access token of ours. */
function isComplete({ sub, sid, nbf, exp }: Partial<AccessTokenClaims>): boolean {
  return /^[1-9]\d{0,14}$/.test(String(sub)) && [sid, nbf, exp].every((value) => Number.isSafeInteger(value));
}

function keyFor(token: string, secrets: Secrets): KeyObject | undefined {
  const { typ, alg, kid } = headerOf(token);
  if (typ !== ACCESS_TOKEN.type || alg !== ACCESS_TOKEN.algorithm || typeof kid !== 'string') return undefined;
  return secrets.signingKeys.find(kid)?.publicKey;
}

function headerOf(token: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString());
    return typeof header === 'object' && header !== null ? (header as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
