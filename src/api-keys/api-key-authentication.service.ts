import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { hasValidChecksum, looksGenerated } from '../platform/secrets/key-format.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { type ApiKeyRecord, ApiKeysRepository } from './api-keys.repository.js';
import { ConfigKeysService } from './config-keys.service.js';

/** What a presented key turned out to be. Unknown, revoked and mistyped are one answer: nobody learns which. */
export type KeyVerdict =
  | { readonly kind: 'valid'; readonly principal: Principal }
  | { readonly kind: 'expired'; readonly at: Instant }
  | { readonly kind: 'unknown' };

@Injectable()
export class ApiKeyAuthenticationService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly configKeys: ConfigKeysService,
    private readonly directory: RoleDirectory,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  /** Asks the database only for a value that can be a key at all: a mistyped one is refused without it (K11). */
  async verify(value: string): Promise<KeyVerdict> {
    const digests = this.secrets.digests(value).map(({ digest }) => digest);
    const isConfigured = this.configKeys.has(digests);
    if (!isConfigured && !(looksGenerated(value) && hasValidChecksum(value))) return { kind: 'unknown' };
    const record = await this.keys.findByDigests(digests);
    // A row that mirrors a file counts only where the file in force still names the key.
    if (!record || (record.key.source === 'config' && !isConfigured)) return { kind: 'unknown' };
    const { expiryDate } = record.key;
    if (expiryDate !== null && expiryDate <= this.clock.instant()) return { kind: 'expired', at: expiryDate };
    return { kind: 'valid', principal: await this.principalOf(record) };
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
