import { Injectable } from '@nestjs/common';
import { hasValidChecksum, looksGenerated } from '../platform/secrets/key-format.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import type { PresentedKey } from './api-key.principals.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ConfigKeysService } from './config-keys.service.js';
import { RotationService } from './rotation/rotation.service.js';

/** Finds the key behind a value that somebody presents or reports. Nothing is decided here, and nothing written. */
@Injectable()
export class PresentedKeysService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly configKeys: ConfigKeysService,
    private readonly rotations: RotationService,
    private readonly secrets: Secrets,
  ) {}

  /**
   * By its present value, else by the old one that still works beside it. Asks the database only for a value that can be a
   * key at all: a mistyped one is nobody's without it (K11).
   */
  async find(value: string): Promise<PresentedKey | null> {
    const digests = this.secrets.digests(value).map(({ digest }) => digest);
    const isConfigured = this.configKeys.has(digests);
    if (!isConfigured && !(looksGenerated(value) && hasValidChecksum(value))) return null;
    const presented = await this.findByDigests(digests);
    // A row that mirrors a file counts only where the file in force still names the key.
    return presented?.record.key.source === 'config' && !isConfigured ? null : presented;
  }

  private async findByDigests(digests: readonly string[]): Promise<PresentedKey | null> {
    const current = await this.keys.findByDigests(digests);
    if (current) return { record: current, isOutdated: false, validUntil: null };
    const old = await this.rotations.findByOldValue(digests);
    const record = old && (await this.keys.find(old.apiKeyId));
    return record && { record, isOutdated: true, validUntil: old.validUntil };
  }
}
