import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { hasValidChecksum, looksGenerated } from '../../platform/secrets/key-format.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
import type { ApiKey } from '../api-key.entity.js';
import { ApiKeysService } from '../api-keys.service.js';
import { ApiKeysRepository } from '../api-keys.repository.js';
import { ConfigKeysService } from '../config-keys.service.js';
import { assertPresentValue } from '../api-key.limits.js';
import { RotationService } from '../rotation/rotation.service.js';

export interface LeakResult {
  readonly isKnown: boolean;
  readonly isRevoked: boolean;
}

const UNKNOWN: LeakResult = { isKnown: false, isRevoked: false };
/** A long list lets others have their turn. */
const PAUSE_EVERY = 50;

/** Takes keys that were found in the open and revokes those that are ours (K23). */
@Injectable()
export class LeaksService {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly apiKeys: ApiKeysService,
    private readonly rotations: RotationService,
    private readonly configKeys: ConfigKeysService,
    private readonly secrets: Secrets,
    private readonly audit: AuditService,
  ) {}

  /** The same digest for each token, and the database only for what can be ours: nothing is learnt from the time. */
  async report(principal: Principal, tokens: readonly string[]): Promise<LeakResult[]> {
    assertPresentValue(principal);
    const known = new Map<string, LeakResult>();
    for (const token of new Set(tokens.map((text) => text.trim()))) {
      if (known.size % PAUSE_EVERY === 0) await setImmediate();
      known.set(token, await this.reportOne(principal, token));
    }
    return tokens.map((text) => known.get(text.trim()) ?? UNKNOWN);
  }

  private async reportOne(principal: Principal, token: string): Promise<LeakResult> {
    const digests = this.secrets.digests(token).map(({ digest }) => digest);
    const mayBeOurs = this.configKeys.has(digests) || (looksGenerated(token) && hasValidChecksum(token));
    const key = mayBeOurs ? await this.find(digests) : null;
    if (!key) return UNKNOWN;
    const isRevoked = key.source === 'database' && !key.isProtected;
    await this.database.transaction(async () => {
      const subject = { type: 'api_key', id: key.apiKeyId };
      await this.audit.record(principal, {
        event: 'api_key.leaked',
        subject,
        after: { name: key.name, revoked: isRevoked },
      });
      if (isRevoked) await this.apiKeys.revoke(principal, key.apiKeyId, null);
    });
    return { isKnown: true, isRevoked };
  }

  /** By its present or its old value: either one opens the door. */
  private async find(digests: readonly string[]): Promise<ApiKey | null> {
    const current = await this.keys.findByDigests(digests);
    if (current) return current.key;
    const old = await this.rotations.findByOldValue(digests);
    return old ? ((await this.keys.find(old.apiKeyId))?.key ?? null) : null;
  }
}
