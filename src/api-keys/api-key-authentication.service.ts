import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { hasValidChecksum, looksGenerated } from '../platform/secrets/key-format.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ConfigKeysService } from './config-keys.service.js';
import { isExpired, KeyPrincipals, type PresentedKey } from './api-key.principals.js';
import { RotationService } from './rotation/rotation.service.js';

@Injectable()
export class ApiKeyAuthenticationService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly configKeys: ConfigKeysService,
    private readonly rotations: RotationService,
    private readonly principals: KeyPrincipals,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  /**
   * The principal behind a key, or null: unknown, revoked and mistyped are one answer, so that nobody learns which.
   * Whoever presents an expired key has proved possession and is told so. Asks the database only for a value that can
   * be a key at all: a mistyped one is refused without it (K11).
   */
  async verify(value: string): Promise<Principal | null> {
    const digests = this.secrets.digests(value).map(({ digest }) => digest);
    const isConfigured = this.configKeys.has(digests);
    if (!isConfigured && !(looksGenerated(value) && hasValidChecksum(value))) return null;
    const presented = await this.find(digests);
    // A row that mirrors a file counts only where the file in force still names the key.
    if (!presented || (presented.record.key.source === 'config' && !isConfigured)) return null;
    const { key } = presented.record;
    if (isExpired(key, this.clock.instant()))
      throw new Unauthenticated(ApiKeyErrors.expired, { at: key.expiryDate ?? '' });
    return this.principals.of(presented);
  }

  async createdAt(apiKeyId: number): Promise<Instant | null> {
    return (await this.keys.find(apiKeyId))?.key.created ?? null;
  }

  /** By its present value, else by the old one that still works beside it. */
  private async find(digests: readonly string[]): Promise<PresentedKey | null> {
    const current = await this.keys.findByDigests(digests);
    if (current) {
      await this.rotations.noteNewValue(current.key.apiKeyId);
      return { record: current, isOutdated: false, validUntil: null };
    }
    const old = await this.rotations.findByOldValue(digests);
    const record = old && (await this.keys.find(old.apiKeyId));
    return record && { record, isOutdated: true, validUntil: old.validUntil };
  }
}
