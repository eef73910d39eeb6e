import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import { Database } from '../../platform/database/database.js';
import { actorKindOf } from '../api-key.principals.js';
import { ApiKeysService } from '../api-keys.service.js';
import { assertPresentValue } from '../api-key.limits.js';
import { ChildrenService } from '../children/children.service.js';
import { namedChildren } from '../children/children.view.js';
import { PresentedKeysService } from '../presented-keys.service.js';

export interface LeakResult {
  readonly isKnown: boolean;
  readonly isRevoked: boolean;
  /** Keys that it made and that still work: whoever had the one may have made the others. */
  readonly childIds: readonly number[];
}

const UNKNOWN: LeakResult = { isKnown: false, isRevoked: false, childIds: [] };
/** So many are looked up in one query; between two of them others have their turn. */
const AT_ONCE = 250;

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
    const distinct = [...new Set(tokens.map((text) => text.trim()))];
    const owners = new Map<string, number>();
    for (let at = 0; at < distinct.length; at += AT_ONCE) {
      await setImmediate();
      for (const [token, apiKeyId] of await this.presentedKeys.ownersOf(distinct.slice(at, at + AT_ONCE)))
        owners.set(token, apiKeyId);
    }
    const results = new Map<number, LeakResult>();
    // Both values of a key that is being replaced are one key; the order is that of the report.
    for (const apiKeyId of new Set(distinct.flatMap((token) => owners.get(token) ?? [])))
      results.set(apiKeyId, await this.reportOne(principal, apiKeyId));
    return tokens.map((text) => results.get(owners.get(text.trim()) ?? 0) ?? UNKNOWN);
  }

  private reportOne(principal: Principal, apiKeyId: number): Promise<LeakResult> {
    return this.database.transaction(async () => {
      const view = await this.apiKeys.findForUpdate(apiKeyId);
      // Somebody was faster: it works no more, like one that never was.
      if (!view || view.status === 'revoked') return UNKNOWN;
      const { name, source, isProtected } = view.key;
      const isRevoked = source === 'database' && !isProtected;
      const childIds = await this.children.liveIdsOf(apiKeyId);
      const noun = actorKindOf(view.key);
      const subject = { type: noun, id: apiKeyId };
      const after = { name, revoked: isRevoked, ...namedChildren(childIds) };
      await this.audit.record(principal, { event: `${noun}.leaked`, subject, after });
      if (isRevoked) await this.apiKeys.end(principal, apiKeyId);
      return { isKnown: true, isRevoked, childIds };
    });
  }
}
