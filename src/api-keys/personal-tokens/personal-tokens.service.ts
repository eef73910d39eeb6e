import { Injectable } from '@nestjs/common';
import { Forbidden, NotFound } from '../../common/errors.js';
import type { Precondition } from '../../common/etag.js';
import type { Page } from '../../common/page.js';
import type { Principal } from '../../common/principal.js';
import type { AccessLog } from '../../audit/access-logs.service.js';
import type { UsageSummary } from '../../audit/usage/usage.service.js';
import { Database } from '../../platform/database/database.js';
import { Settings } from '../../platform/settings/settings.service.js';
import { AbilityService } from '../../rbac/ability.service.js';
import { GrantsService } from '../../rbac/grants.service.js';
import { missingPermission } from '../../rbac/missing-permission.js';
import type { ApiKeyView } from '../api-key.view.js';
import { ApiKeysService } from '../api-keys.service.js';
import { NewKeysService } from '../new-keys.service.js';
import { KeyUsageService } from '../usage/key-usage.service.js';
import { GetUsageQuery, ListKeyAccessLogsQuery } from '../usage/usage.dto.js';
import { CreatePersonalTokenRequest, ListPersonalTokensQuery } from './personal-tokens.dto.js';
import { PersonalTokenErrors } from './personal-tokens.errors.js';
import { PersonalTokenPermissions } from './personal-tokens.permissions.js';
import { PersonalTokenSettings } from './personal-tokens.settings.js';

export { PersonalTokenSettings };

/** Keys that users make for themselves (K16): rows of the table of keys, bound to the user for good. */
@Injectable()
export class PersonalTokensService {
  constructor(
    private readonly database: Database,
    private readonly apiKeys: ApiKeysService,
    private readonly newKeys: NewKeysService,
    private readonly keyUsage: KeyUsageService,
    private readonly grants: GrantsService,
    private readonly abilities: AbilityService,
    private readonly settings: Settings,
  ) {}

  /** One's own; everybody's, or one user's, for whoever looks after them. */
  async list(principal: Principal, query: ListPersonalTokensQuery): Promise<Page<ApiKeyView>> {
    const mayManage = this.mayManage(principal);
    const own = principal.id ?? 0;
    const { user_id: wanted = mayManage ? null : own } = query;
    if (wanted !== own && !mayManage) {
      throw missingPermission(principal, PersonalTokenPermissions.manage.identifier);
    }
    const scope = wanted === null ? {} : { createdByUserId: wanted };
    const sorted = { ...query, sort: query.sort ?? 'personal_token_id' };
    return this.apiKeys.listWithin({ kind: 'personal', ...scope }, sorted);
  }

  /** The secret is in the answer and nowhere else. */
  async create(
    principal: Principal,
    request: CreatePersonalTokenRequest,
  ): Promise<{ view: ApiKeyView; secret: string }> {
    if (!(await this.settings.get(PersonalTokenSettings.enabled))) throw new Forbidden(PersonalTokenErrors.disabled);
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      const { permissions: wanted = [...giver.permissions].sort() } = request;
      const { permissions } = await this.grants.resolve(giver, { permissions: wanted }, giver.customerIds);
      this.newKeys.assertExpiry(request.expiry_date ?? null);
      const described = { ...request, permissions, bound_to_creator: true };
      const { values, secret } = this.newKeys.make(principal, 'personal', described);
      return { view: await this.apiKeys.add(principal, values), secret };
    });
  }

  /** For ever. Somebody else's is no more there than one that never was, except for whoever looks after them. */
  revoke(principal: Principal, tokenId: number, ifMatch: Precondition): Promise<void> {
    return this.database.transaction(async () => {
      const view = this.theirs(principal, tokenId, await this.apiKeys.findForUpdate(tokenId));
      if (view.status === 'revoked') throw new NotFound(PersonalTokenErrors.notFound, { id: tokenId });
      await this.apiKeys.end(principal, tokenId, ifMatch);
    });
  }

  async usage(principal: Principal, tokenId: number, query: GetUsageQuery): Promise<UsageSummary> {
    return this.keyUsage.summaryOf(this.theirs(principal, tokenId, await this.apiKeys.find(tokenId)), query);
  }

  async listAccessLogs(principal: Principal, tokenId: number, query: ListKeyAccessLogsQuery): Promise<Page<AccessLog>> {
    return this.keyUsage.listAccessLogsOf(this.theirs(principal, tokenId, await this.apiKeys.find(tokenId)), query);
  }

  private theirs(principal: Principal, tokenId: number, view: ApiKeyView | null): ApiKeyView {
    const isTheirs = view?.key.createdByUserId === principal.id || this.mayManage(principal);
    if (view?.key.kind === 'personal' && isTheirs) return view;
    throw new NotFound(PersonalTokenErrors.notFound, { id: tokenId });
  }

  private mayManage(principal: Principal): boolean {
    return this.abilities.mayEver(principal, PersonalTokenPermissions.manage);
  }
}
