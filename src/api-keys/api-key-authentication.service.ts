import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import { mayComeFrom, type Principal } from '../common/principal.js';
import { currentContext } from '../common/request-context.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import { isExpired, KeyPrincipals, type PresentedKey } from './api-key.principals.js';
import { KeyPeppersService } from './pepper/key-peppers.service.js';
import { PersonalTokenErrors } from './personal-tokens/personal-tokens.errors.js';
import { PresentedKeysService } from './presented-keys.service.js';
import { RotationService } from './rotation/rotation.service.js';

@Injectable()
export class ApiKeyAuthenticationService {
  constructor(
    private readonly presentedKeys: PresentedKeysService,
    private readonly rotations: RotationService,
    private readonly peppers: KeyPeppersService,
    private readonly principals: KeyPrincipals,
    private readonly clock: Clock,
  ) {}

  /** False for a value that nobody has to look up: no key of ours is spelled so (K11). */
  mayBeKey(value: string): boolean {
    return this.presentedKeys.mayBeKey(value);
  }

  /**
   * The principal behind a key, or null: unknown, revoked and mistyped are one answer, so that nobody learns which.
   * Whoever presents an expired key, or a token that is switched off, has proved possession and is told so.
   */
  async verify(value: string): Promise<Principal | null> {
    const presented = await this.presentedKeys.find(value);
    if (!presented) return null;
    const { key } = presented.record;
    if (isExpired(key, this.clock.instant()))
      throw new Unauthenticated(ApiKeyErrors.expired, { at: key.expiryDate ?? '' });
    if (await this.principals.isSwitchedOff(key)) throw new Unauthenticated(PersonalTokenErrors.disabled);
    const principal = await this.principals.of(presented);
    if (principal && !presented.isOutdated) await this.notePresent(presented, principal, value);
    return principal;
  }

  /** From an address that the key refuses the value proves nothing but a theft: that is no first use. */
  private async notePresent({ record }: PresentedKey, principal: Principal, value: string): Promise<void> {
    await this.peppers.move(record.key, value);
    const context = currentContext();
    if (!context || mayComeFrom(principal, context.ip)) await this.rotations.noteNewValue(record.key.apiKeyId);
  }
}
