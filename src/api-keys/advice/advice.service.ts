import { Injectable } from '@nestjs/common';
import { UsageService } from '../../audit/usage/usage.service.js';
import type { Page } from '../../common/page.js';
import { UsersService } from '../../users/users.service.js';
import { actorKindOf } from '../api-key.principals.js';
import type { ApiKeyView } from '../api-key.view.js';
import { ListApiKeysQuery } from '../api-keys.dto.js';
import { ApiKeysService } from '../api-keys.service.js';
import { ListAdviceQuery } from './advice.dto.js';
import { adviceFor, type KeyFacts, UNUSED_DAYS } from './advice.rules.js';
import type { AdvisedKey } from './advice.view.js';

/** A page looks at this many batches of keys at most: where nearly all keys are sound it comes out short. */
const BATCHES = 20;

/** Says what should be done about keys (K20). */
@Injectable()
export class AdviceService {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly users: UsersService,
    private readonly usage: UsageService,
  ) {}

  async get(apiKeyId: number): Promise<AdvisedKey> {
    const view = await this.apiKeys.get(apiKeyId);
    const [advised] = view.status === 'revoked' ? [] : await this.advise([view]);
    return advised ?? { view, advice: [] };
  }

  /** Keys that still work and that there is something to say about, by id. */
  async list({ limit, cursor, code }: ListAdviceQuery): Promise<Page<AdvisedKey>> {
    const rows: AdvisedKey[] = [];
    let nextCursor = cursor ?? null;
    for (let batch = 0; batch < BATCHES && rows.length < limit; batch += 1) {
      const query: ListApiKeysQuery = { limit: limit - rows.length, status: 'active' };
      const page = await this.apiKeys.list(nextCursor === null ? query : { ...query, cursor: nextCursor });
      const advised = await this.advise(page.rows);
      rows.push(...advised.map((row) => only(row, code)).filter(({ advice }) => advice.length > 0));
      nextCursor = page.nextCursor;
      if (nextCursor === null) break;
    }
    return { rows, limit, nextCursor };
  }

  private async advise(views: readonly ApiKeyView[]): Promise<AdvisedKey[]> {
    const used = await this.permissionsUsed(views);
    const { now } = this.apiKeys.moments();
    const gone = await this.creatorsGone(views);
    return views.map((view) => {
      const { apiKeyId } = view.key;
      const facts: KeyFacts = { now, used: used.get(apiKeyId) ?? new Set(), isCreatorGone: gone.has(apiKeyId) };
      return { view, advice: adviceFor(view, facts) };
    });
  }

  private async permissionsUsed(views: readonly ApiKeyView[]): Promise<Map<number, Set<string>>> {
    const found = new Map<number, Set<string>>();
    for (const kind of ['api_key', 'personal_token'] as const) {
      const ids = views.filter(({ key }) => actorKindOf(key) === kind).map(({ key }) => key.apiKeyId);
      for (const [id, names] of await this.usage.permissionsUsed(kind, ids, UNUSED_DAYS)) found.set(id, names);
    }
    return found;
  }

  /** The ids of keys whose creator, a user or a key, can do nothing any more. */
  private async creatorsGone(views: readonly ApiKeyView[]): Promise<Set<number>> {
    const gone = new Set<number>();
    for (const { key } of views) {
      const { createdByUserId: userId, createdByKeyId: parentId } = key;
      const isUserGone = userId !== null && (await this.users.findById(userId))?.user.status !== 'active';
      const isParentGone = parentId !== null && (await this.apiKeys.getAny(parentId)).status === 'revoked';
      if (isUserGone || isParentGone) gone.add(key.apiKeyId);
    }
    return gone;
  }
}

function only({ view, advice }: AdvisedKey, code: string | undefined): AdvisedKey {
  return { view, advice: code === undefined ? advice : advice.filter((it) => it.code === code) };
}
