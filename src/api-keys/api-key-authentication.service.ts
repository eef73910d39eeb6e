import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Unauthenticated } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { hasValidChecksum, looksGenerated } from '../platform/secrets/key-format.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import { type ApiKeyRecord, ApiKeysRepository } from './api-keys.repository.js';
import { ConfigKeysService } from './config-keys.service.js';

@Injectable()
export class ApiKeyAuthenticationService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly configKeys: ConfigKeysService,
    private readonly directory: RoleDirectory,
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
    const record = await this.keys.findByDigests(digests);
    // A row that mirrors a file counts only where the file in force still names the key.
    if (!record || (record.key.source === 'config' && !isConfigured)) return null;
    const { expiryDate } = record.key;
    if (expiryDate !== null && expiryDate <= this.clock.instant()) {
      throw new Unauthenticated(ApiKeyErrors.expired, { at: expiryDate });
    }
    return this.principalOf(record);
  }

  private async principalOf({ key, roleIds, customerIds }: ApiKeyRecord): Promise<Principal> {
    const { names, permissions } = await this.directory.effective(roleIds, key.permissions);
    return {
      kind: key.kind === 'personal' ? 'personal_token' : 'api_key',
      id: key.apiKeyId,
      name: key.name,
      roles: names,
      permissions,
      customerIds,
      expiresAt: key.expiryDate,
      credential: 'api_key',
      sessionId: null,
      rateLimit: key.rateLimit,
    };
  }
}
