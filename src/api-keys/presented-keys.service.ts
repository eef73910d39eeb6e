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
    const digests = this.digestsOf(value);
    const presented = digests.length === 0 ? null : await this.findByDigests(digests);
    // A row that mirrors a file counts only where the file in force still names the key.
    return presented?.record.key.source === 'config' && !this.configKeys.has(digests) ? null : presented;
  }

  /** Whether a value can be a key at all: asked of nobody but the file and the value itself. */
  mayBeKey(value: string): boolean {
    return this.digestsOf(value).length > 0;
  }

  /** Which of these values opens the door to which key: two queries, however many values there are. */
  async ownersOf(values: readonly string[]): Promise<Map<string, number>> {
    const valueOf = new Map(values.flatMap((value) => this.digestsOf(value).map((digest) => [digest, value] as const)));
    const digests = [...valueOf.keys()];
    const found = [...(await this.keys.listByDigests(digests)), ...(await this.rotations.listByOldValues(digests))];
    return new Map(found.map(({ digest, apiKeyId }) => [valueOf.get(digest) ?? '', apiKeyId]));
  }

  /** What the value of a key would be stored as; nothing for a value that cannot be one. */
  private digestsOf(value: string): string[] {
    const isGenerated = looksGenerated(value) && hasValidChecksum(value);
    // Any text can be a key of the file.
    if (!isGenerated && this.configKeys.isEmpty) return [];
    const digests = this.secrets.digests(value).map(({ digest }) => digest);
    return isGenerated || this.configKeys.has(digests) ? digests : [];
  }

  private async findByDigests(digests: readonly string[]): Promise<PresentedKey | null> {
    const current = await this.keys.findByDigests(digests);
    if (current) return { record: current, isOutdated: false, validUntil: null };
    const old = await this.rotations.findByOldValue(digests);
    const record = old && (await this.keys.find(old.apiKeyId));
    return record && { record, isOutdated: true, validUntil: old.validUntil };
  }
}
