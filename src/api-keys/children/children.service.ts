import { Injectable } from '@nestjs/common';
import type { Principal } from '../../common/principal.js';
import { statusOf } from '../api-key.status.js';
import { ApiKeysService } from '../api-keys.service.js';
import { ChildrenRepository } from './children.repository.js';
import type { ApiKeyDetails, ChildKey } from './children.view.js';

const SHOWN = 100;

@Injectable()
export class ChildrenService {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly children: ChildrenRepository,
  ) {}

  async details(apiKeyId: number): Promise<ApiKeyDetails> {
    return { ...(await this.apiKeys.get(apiKeyId)), children: await this.of(apiKeyId) };
  }

  /** The key that asks, of either kind. */
  async ownDetails({ id }: Principal): Promise<ApiKeyDetails> {
    return { ...(await this.apiKeys.getAny(id ?? 0)), children: await this.of(id ?? 0) };
  }

  /** The first of them, those that work before those that do not. */
  async of(apiKeyId: number): Promise<ChildKey[]> {
    const { now, soon } = this.apiKeys.moments();
    const rows = await this.children.listOf(apiKeyId, now, SHOWN);
    return rows.map((row) => ({ apiKeyId: row.apiKeyId, name: row.name, status: statusOf(row, now, soon) }));
  }

  /** All that still work. */
  liveIdsOf(apiKeyId: number): Promise<number[]> {
    return this.children.liveIdsOf(apiKeyId, this.apiKeys.moments().now);
  }
}
