import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import { Unauthenticated } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { ApiKeyAuthenticationService } from '../../api-keys/api-key-authentication.service.js';
import { ApiKeyErrors } from '../../api-keys/api-keys.errors.js';
import { AuthErrors } from '../auth.errors.js';
import { INVALID_TOKEN } from '../credential.js';

/** Whoever presents an expired key has proved possession and is told; unknown and revoked get one and the same body. */
async function principalOf(keys: ApiKeyAuthenticationService, value: string): Promise<Principal> {
  const verdict = await keys.verify(value);
  switch (verdict.kind) {
    case 'valid':
      return verdict.principal;
    case 'expired':
      throw new Unauthenticated(ApiKeyErrors.expired, { at: verdict.at }, { headers: INVALID_TOKEN });
    case 'unknown':
    default:
      throw new Unauthenticated(AuthErrors.invalidCredentials, {}, { headers: INVALID_TOKEN });
  }
}

/** `X-API-KEY: <key>` */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(HeaderAPIKeyStrategy, 'api-key') {
  constructor(private readonly keys: ApiKeyAuthenticationService) {
    super({ header: 'X-API-KEY', prefix: '' }, false);
  }

  validate(value: string): Promise<Principal> {
    return principalOf(this.keys, value);
  }
}

/** `Authorization: Bearer <key>`: the same key, the same rights. */
@Injectable()
export class ApiKeyBearerStrategy extends PassportStrategy(HeaderAPIKeyStrategy, 'api-key-bearer') {
  constructor(private readonly keys: ApiKeyAuthenticationService) {
    super({ header: 'Authorization', prefix: '' }, false);
  }

  validate(authorization: string): Promise<Principal> {
    return principalOf(this.keys, authorization.slice(authorization.lastIndexOf(' ') + 1));
  }
}
