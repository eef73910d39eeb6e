import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { hasValidChecksum, looksGenerated } from '../../platform/secrets/key-format.js';
import { Secrets } from '../../platform/secrets/secrets.service.js';
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
/** So many are looked up in one query; between two of them others have their turn. */
const AT_ONCE = 250;

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
    const distinct = [...new Set(tokens.map((text) => text.trim()))];
    const owners = new Map<string, number>();
    for (let at = 0; at < distinct.length; at += AT_ONCE) {
      await setImmediate();
      for (const [token, apiKeyId] of await this.ownersOf(distinct.slice(at, at + AT_ONCE)))
        owners.set(token, apiKeyId);
    }
    const results = new Map<number, LeakResult>();
    // Both values of a key that is being replaced are one key.
    for (const apiKeyId of new Set(owners.values())) results.set(apiKeyId, await this.reportOne(principal, apiKeyId));
    return tokens.map((text) => results.get(owners.get(text.trim()) ?? 0) ?? UNKNOWN);
  }

  /** Which of them open the door to which key, by its present or its old value. */
  private async ownersOf(tokens: readonly string[]): Promise<Map<string, number>> {
    const tokenOf = new Map<string, string>();
    for (const token of tokens) {
      const digests = this.secrets.digests(token).map(({ digest }) => digest);
      const mayBeOurs = this.configKeys.has(digests) || (looksGenerated(token) && hasValidChecksum(token));
      if (mayBeOurs) for (const digest of digests) tokenOf.set(digest, token);
    }
    const digests = [...tokenOf.keys()];
    const found = [...(await this.keys.listByDigests(digests)), ...(await this.rotations.listByOldValues(digests))];
    return new Map(found.map(({ digest, apiKeyId }) => [tokenOf.get(digest) ?? '', apiKeyId]));
  }

  private reportOne(principal: Principal, apiKeyId: number): Promise<LeakResult> {
    return this.database.transaction(async () => {
      const key = (await this.keys.findForUpdate(apiKeyId))?.key;
      // Somebody was faster: it works no more, like one that never was.
      if (!key || key.revokedAt !== null) return UNKNOWN;
      const isRevoked = key.source === 'database' && !key.isProtected;
      const subject = { type: 'api_key', id: apiKeyId };
      const after = { name: key.name, revoked: isRevoked };
      await this.audit.record(principal, { event: 'api_key.leaked', subject, after });
      if (isRevoked) await this.apiKeys.revoke(principal, apiKeyId, null);
      return { isKnown: true, isRevoked };
    });
  }
}
