import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { ApiKeysService } from '../api-keys.service.js';
import { assertPresentValue } from '../api-key.limits.js';
import { ChildrenService } from '../children/children.service.js';
import { PresentedKeysService } from '../presented-keys.service.js';

export interface LeakResult {
  readonly isKnown: boolean;
  readonly isRevoked: boolean;
  /** Keys that it made and that still work: whoever had the one may have made the others. */
  readonly childIds: readonly number[];
}

const UNKNOWN: LeakResult = { isKnown: false, isRevoked: false, childIds: [] };
/** A long list lets others have their turn. */
const PAUSE_EVERY = 50;

/** Takes keys that were found in the open and revokes those that are ours (K23). */
@Injectable()
export class LeaksService {
  constructor(
    private readonly database: Database,
    private readonly presentedKeys: PresentedKeysService,
    private readonly apiKeys: ApiKeysService,
    private readonly children: ChildrenService,
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
    const key = (await this.presentedKeys.find(token))?.record.key;
    if (!key) return UNKNOWN;
    const isRevoked = key.source === 'database' && !key.isProtected;
    const childIds = await this.database.transaction(async () => {
      const children = await this.children.liveIdsOf(key.apiKeyId);
      const named = children.length > 0 ? { child_api_key_ids: children } : {};
      await this.audit.record(principal, {
        event: 'api_key.leaked',
        subject: { type: 'api_key', id: key.apiKeyId },
        after: { name: key.name, revoked: isRevoked, ...named },
      });
      if (isRevoked) await this.apiKeys.revoke(principal, key.apiKeyId, null);
      return children;
    });
    return { isKnown: true, isRevoked, childIds };
  }
}
