import { Injectable } from '@nestjs/common';
import { Forbidden, RuleBroken } from '../../common/errors.js';
import type { Principal } from '../../common/principal.js';
import { AuditService } from '../../audit/audit.service.js';
import type { ApiKey } from '../api-key.entity.js';
import { assertLiftsNothing, assertNoFreer, assertWithinParent, withinParent } from '../api-key.limits.js';
import { CreateApiKeyRequest, UpdateApiKeyRequest } from '../api-keys.dto.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { ApiKeysRepository } from '../api-keys.repository.js';
import { ChildrenRepository } from './children.repository.js';

/** A bound key is verified with all that it hangs on, so each generation costs every request of the last one. */
const GENERATIONS = 8;

/** What a key may do to keys, beyond its rights: nothing that would make it, or what it makes, freer than it is (K17). */
@Injectable()
export class KeyParentsService {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly children: ChildrenRepository,
    private readonly audit: AuditService,
  ) {}

  /** What is asked for, with the limits that the key that asks hands on. */
  async limited(principal: Principal, wanted: CreateApiKeyRequest): Promise<CreateApiKeyRequest> {
    const parent = await this.keyOf(principal);
    if (!parent) return wanted;
    const generation = (await this.children.ancestorIdsOf(parent.apiKeyId)).length + 1;
    if (generation >= GENERATIONS) throw new RuleBroken(ApiKeyErrors.tooDeep, { generations: GENERATIONS });
    return withinParent(parent, wanted);
  }

  /** Its own edit is judged by its rights first, so that a key that would raise them is recorded. */
  async assertMayEdit(principal: Principal, apiKeyId: number, request: UpdateApiKeyRequest): Promise<void> {
    const parent = await this.keyOf(principal);
    if (!parent || parent.apiKeyId === apiKeyId) return;
    await this.assertNotAbove(principal, apiKeyId);
    assertWithinParent(parent, request);
    assertLiftsNothing(parent, request);
  }

  /** For whoever gets the value of the key in hand, or brings one back that they may have. */
  async assertMayTake(principal: Principal, target: ApiKey): Promise<void> {
    const holder = await this.keyOf(principal);
    if (!holder) return;
    await this.assertNotAbove(principal, target.apiKeyId);
    assertNoFreer(holder, target);
  }

  /** What made a key is beyond its reach: whoever holds the lesser one would lift or end the limits that it came with. */
  async assertNotAbove(principal: Principal, apiKeyId: number): Promise<void> {
    if (!isKey(principal)) return;
    const ancestors = await this.children.ancestorIdsOf(principal.id);
    if (!ancestors.includes(apiKeyId)) return;
    const subject = { type: 'api_key', id: apiKeyId };
    await this.audit.recordSecurity({ event: 'authz_fail', subject, after: { made_by_key: apiKeyId } }, principal);
    throw new Forbidden(ApiKeyErrors.ancestor, { id: apiKeyId });
  }

  /** The key that asks, when a key asks. */
  private async keyOf(principal: Principal): Promise<ApiKey | null> {
    return isKey(principal) ? ((await this.keys.find(principal.id))?.key ?? null) : null;
  }
}

/** A personal token makes keys as a key does. */
function isKey(principal: Principal): principal is Principal & { readonly id: number } {
  return (principal.kind === 'api_key' || principal.kind === 'personal_token') && principal.id !== null;
}
