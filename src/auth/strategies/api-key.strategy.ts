import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { HeaderAPIKeyStrategy } from 'passport-headerapikey';
import { Unauthenticated } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { ApiKeyAuthenticationService } from '../../api-keys/api-key-authentication.service.js';
import { AuthErrors } from '../auth.errors.js';

/** Unknown, revoked and mistyped get one and the same answer; an expired key was told so by its own feature. */
async function principalOf(keys: ApiKeyAuthenticationService, value: string): Promise<Principal> {
  const principal = await keys.verify(value);
  if (!principal) throw new Unauthenticated(AuthErrors.invalidCredentials);
  return principal;
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
