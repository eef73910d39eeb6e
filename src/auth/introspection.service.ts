import { Injectable } from '@nestjs/common';
import type { Instant } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { AccessTokens } from './access-tokens.js';
import { credentialOf } from './credential.js';
import { CredentialJudge } from './credential-judge.js';

/** A token that is alive. */
export interface Introspection {
  readonly principal: Principal;
  readonly issuedAt: Instant | null;
}

/** Tells other services what a token of ours is worth at this moment (RFC 7662). */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly judge: CredentialJudge,
    private readonly tokens: AccessTokens,
    private readonly keys: ApiKeysService,
  ) {}

  /**
   * Null for whatever would be 401 if it were presented here, refresh tokens included. The address list of a key is not
   * judged: who asks is not who holds it, so the list is part of the answer.
   */
  async introspect(token: string): Promise<Introspection | null> {
    const principal = await this.principalOf(token);
    // Who must enrol first is let in nowhere else.
    if (!principal || principal.twoFactor === 'demanded') return null;
    const isKey = principal.credential === 'api_key';
    const key = isKey ? await this.keys.find(principal.id ?? 0) : null;
    return { principal, issuedAt: isKey ? (key?.key.created ?? null) : this.tokens.issuedAt(token) };
  }

  private async principalOf(token: string): Promise<Principal | null> {
    try {
      return await this.judge.principalOf(credentialOf(token));
    } catch (error) {
      if (error instanceof Unauthenticated) return null;
      throw error;
    }
  }
}
