import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { Conflict, Forbidden, InvalidInput, NotFound } from '../common/errors.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import type { Page } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { foldedKey, searchText } from '../common/text.js';
import { difference } from '../audit/audit.service.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { CustomerReach } from '../rbac/customer-reach.js';
import { GrantsService } from '../rbac/grants.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { Role } from '../rbac/role.entity.js';
import { StepUpGate } from '../rbac/step-up.js';
import { ApiKeyEventsService, snapshot } from './api-key-events.service.js';
import type { ApiKey } from './api-key.entity.js';
import { noticeOf, soonAfter, statusOf } from './api-key.status.js';
import type { ApiKeyView } from './api-key.view.js';
import { CreateApiKeyRequest, ListApiKeysQuery, UpdateApiKeyRequest } from './api-keys.dto.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import {
  type ApiKeyRecord,
  type ApiKeyStats,
  ApiKeysRepository,
  type KeyScope,
  type Moments,
} from './api-keys.repository.js';
import { assertNarrow, assertPresentValue } from './api-key.limits.js';
import { ChildrenRepository } from './children/children.repository.js';
import { namedChildren } from './children/children.view.js';
import { KeyParentsService } from './children/key-parents.service.js';
import { NewKeysService, type NewKey } from './new-keys.service.js';
import { RotationRepository } from './rotation/rotation.repository.js';

@Injectable()
export class ApiKeysService {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly rotations: RotationRepository,
    private readonly children: ChildrenRepository,
    private readonly newKeys: NewKeysService,
    private readonly parents: KeyParentsService,
    private readonly grants: GrantsService,
    private readonly customerReach: CustomerReach,
    private readonly directory: RoleDirectory,
    private readonly stepUp: StepUpGate,
    private readonly events: ApiKeyEventsService,
    private readonly config: LiveConfig,
    private readonly clock: Clock,
  ) {}

  /** Those of the organisation; personal tokens have a list of their own. */
  list(query: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    return this.listWithin({ kind: 'organization' }, query);
  }

  async listWithin(scope: KeyScope, query: ListApiKeysQuery): Promise<Page<ApiKeyView>> {
    const page = await this.keys.list(scope, query, this.moments());
    return { ...page, rows: await Promise.all(page.rows.map((record) => this.view(record))) };
  }

  stats(): Promise<ApiKeyStats> {
    return this.keys.stats(this.moments());
  }

  /** A key of the organisation: somebody's personal token is none of the key managers' business. */
  async get(apiKeyId: number): Promise<ApiKeyView> {
    return this.view(ofOrganization(await this.keys.find(apiKeyId), apiKeyId));
  }

  /** A key of either kind. */
  async getAny(apiKeyId: number): Promise<ApiKeyView> {
    return this.view(found(await this.keys.find(apiKeyId), apiKeyId));
  }

  async find(apiKeyId: number): Promise<ApiKeyView | null> {
    const record = await this.keys.find(apiKeyId);
    return record && this.view(record);
  }

  /** The secret is in the answer and nowhere else. */
  async create(principal: Principal, asked: CreateApiKeyRequest): Promise<{ view: ApiKeyView; secret: string }> {
    assertPresentValue(principal);
    assertGrantsSomething(asked.permissions ?? [], asked.roles ?? []);
    assertNarrow(asked);
    const customerIds = asked.customer_ids ?? [];
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      const request = await this.parents.limited(giver, asked);
      const granted = await this.grants.resolve(giver, request, customerIds);
      await this.customerReach.assertReaches(giver, customerIds);
      this.newKeys.assertExpiry(request.expiry_date ?? null);
      const wanted = { ...request, permissions: granted.permissions };
      const { values, secret } = this.newKeys.make(principal, 'organization', wanted);
      return { view: await this.add(principal, values, idsOf(granted.roles), customerIds), secret };
    });
  }

  /** To be called in a transaction, once it is decided what the key may hold. */
  async add(
    principal: Principal,
    values: NewKey['values'],
    roleIds: readonly number[] = [],
    customerIds: readonly number[] = [],
  ): Promise<ApiKeyView> {
    const view = await this.view(await this.keys.insert(values, roleIds, customerIds));
    await this.stepUp.demandForAdmin(principal, view.effectivePermissions);
    await this.events.created(principal, view);
    return view;
  }

  /**
   * Whoever edits must hold everything that the key holds, before and after: extending an admin key takes an administrator.
   * What changes nothing writes nothing and is not recorded.
   */
  async update(
    principal: Principal,
    apiKeyId: number,
    request: UpdateApiKeyRequest,
    ifMatch: Precondition,
  ): Promise<ApiKeyView> {
    if (request.expiry_date !== undefined) this.newKeys.assertExpiry(request.expiry_date);
    assertNarrow(request);
    assertPresentValue(principal);
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      if (request.customer_ids) await this.customerReach.assertReaches(giver, request.customer_ids);
      await this.parents.assertMayEdit(giver, apiKeyId, request);
      const before = await this.lock(apiKeyId);
      await this.grants.assertHolds(giver, before.effectivePermissions, before.customerIds);
      assertMatches(ifMatch, before.key.version);
      const { permissions = before.key.permissions, customer_ids: customerIds = before.customerIds } = request;
      const roles = request.roles ?? before.roles.map((role) => role.name);
      assertGrantsSomething(permissions, roles);
      const granted = await this.grants.resolve(giver, { permissions, roles }, customerIds);
      // Asked only now: a key that would raise its own rights is recorded as the refused grant that it is.
      if (principal.kind === 'api_key' && principal.id === apiKeyId) throw new Forbidden(ApiKeyErrors.ownEdit);
      const columns = { ...this.edited(before.key, request), permissions: granted.permissions };
      const wanted = await this.view({
        key: { ...before.key, ...columns },
        roleIds: idsOf(granted.roles),
        customerIds,
      });
      if (!difference(snapshot(before), snapshot(wanted))) return before;
      const given = wanted.effectivePermissions.filter((it) => !before.effectivePermissions.includes(it));
      await this.stepUp.demandForAdmin(principal, given);
      await this.keys.setRoles(apiKeyId, idsOf(granted.roles));
      await this.keys.setCustomers(apiKeyId, customerIds);
      await this.keys.update(apiKeyId, columns);
      return this.recordChange(principal, before, 'updated');
    });
  }

  async revoke(principal: Principal, apiKeyId: number, ifMatch: Precondition): Promise<void> {
    await this.get(apiKeyId);
    assertPresentValue(principal);
    await this.parents.assertNotAbove(principal, apiKeyId);
    await this.end(principal, apiKeyId, ifMatch);
  }

  /**
   * A key of either kind, for ever: the digest is erased, the row stays (spec rule 3). Whoever reports a value has proved
   * that it leaked: it ends, whoever made whom.
   */
  async end(principal: Principal, apiKeyId: number, ifMatch: Precondition = null): Promise<void> {
    assertPresentValue(principal);
    return this.database.transaction(async () => {
      const before = found(await this.keys.findForUpdate(apiKeyId), apiKeyId);
      if (before.key.revokedAt !== null) throw new NotFound(ApiKeyErrors.notFound, { id: apiKeyId });
      assertNotFromConfig(before.key);
      if (before.key.isProtected) throw new Conflict(ApiKeyErrors.protected, { id: apiKeyId });
      assertMatches(ifMatch, before.key.version);
      const revokedAt = this.clock.instant();
      await this.rotations.remove(apiKeyId);
      await this.keys.update(apiKeyId, {
        digest: null,
        revokedAt,
        flaggedStatus: 'revoked',
        version: before.key.version + 1,
        updated: revokedAt,
      });
      await this.recordChange(principal, await this.view(before), 'revoked', await this.childrenOf(apiKeyId));
    });
  }

  /** Keys that it made and that go on working: whoever reads of its end should look at them, too (K17). */
  private async childrenOf(apiKeyId: number): Promise<Record<string, unknown> | null> {
    return namedChildren(await this.children.liveIdsOf(apiKeyId, this.clock.instant()));
  }

  /** A key of the organisation, locked until the transaction ends; 409 for one that nobody can change any more, or only in the file. */
  async lock(apiKeyId: number): Promise<ApiKeyView> {
    const record = ofOrganization(await this.keys.findForUpdate(apiKeyId), apiKeyId);
    if (record.key.revokedAt !== null) throw new Conflict(ApiKeyErrors.revoked, { id: apiKeyId });
    assertNotFromConfig(record.key);
    return this.view(record);
  }

  /** A key of either kind, locked until the transaction ends, whatever its state. */
  async findForUpdate(apiKeyId: number): Promise<ApiKeyView | null> {
    const record = await this.keys.findForUpdate(apiKeyId);
    return record && this.view(record);
  }

  async setValue(key: ApiKey, value: Pick<ApiKey, 'digest' | 'pepperVersion' | 'mask'>): Promise<void> {
    const { apiKeyId, version } = key;
    const changes = { ...value, searchText: searchText(key.name, key.description, value.mask) };
    await this.keys.update(apiKeyId, { ...changes, version: version + 1, updated: this.clock.instant() });
  }

  /** The key as it is now, once its change is told. */
  async recordChange(
    principal: Principal,
    before: ApiKeyView,
    event: string,
    details: Record<string, unknown> | null = null,
  ): Promise<ApiKeyView> {
    const after = await this.getAny(before.key.apiKeyId);
    await this.events.changed(principal, event, { before, after }, details);
    return after;
  }

  async noteUse(apiKeyId: number, lastUsedAt: Instant, lastUsedAddress: string): Promise<void> {
    await this.keys.update(apiKeyId, { lastUsedAt, lastUsedAddress });
  }

  private edited(before: ApiKey, request: UpdateApiKeyRequest): Partial<ApiKey> {
    const name = request.name ?? before.name;
    const description = request.description === undefined ? before.description : request.description;
    const expiryDate = request.expiry_date === undefined ? before.expiryDate : request.expiry_date;
    const { now, soon } = this.moments();
    const isCalm = statusOf({ ...before, expiryDate }, now, soon) === 'active';
    return {
      name,
      nameKey: foldedKey(name, 100),
      description,
      searchText: searchText(name, description, before.mask),
      expiryDate,
      // Extended far enough, its next expiry is news again.
      flaggedStatus: isCalm ? 'active' : before.flaggedStatus,
      // Notices that would have come before the edit are not news; those of the new date are.
      noticedDays: expiryDate === before.expiryDate ? before.noticedDays : noticeOf(expiryDate, now),
      rateLimit: request.rate_limit === undefined ? before.rateLimit : request.rate_limit,
      allowedAddresses: request.allowed_addresses === undefined ? before.allowedAddresses : request.allowed_addresses,
      isBoundToCreator: request.bound_to_creator ?? before.isBoundToCreator,
      isProtected: request.protected ?? before.isProtected,
      version: before.version + 1,
      updated: now,
    };
  }

  /** The moments that statuses are judged by. */
  moments(): Moments {
    const { expiringSoonDays } = this.config.current.apiKeyPolicy;
    return { now: this.clock.instant(), soon: soonAfter(this.clock.millis(), expiringSoonDays) };
  }

  private async view({ key, roleIds, customerIds }: ApiKeyRecord): Promise<ApiKeyView> {
    const { now, soon } = this.moments();
    const roles = await this.directory.withIds(roleIds);
    const effective = new Set([...key.permissions, ...roles.flatMap((role) => role.permissions)]);
    return { key, roles, customerIds, status: statusOf(key, now, soon), effectivePermissions: [...effective].sort() };
  }
}

function found(record: ApiKeyRecord | null, apiKeyId: number): ApiKeyRecord {
  if (!record) throw new NotFound(ApiKeyErrors.notFound, { id: apiKeyId });
  return record;
}

function ofOrganization(record: ApiKeyRecord | null, apiKeyId: number): ApiKeyRecord {
  return found(record?.key.kind === 'organization' ? record : null, apiKeyId);
}

function assertNotFromConfig(key: ApiKey): void {
  if (key.source === 'config') throw new Conflict(ApiKeyErrors.fromConfig, { id: key.apiKeyId });
}

/** An empty list must not come to mean "no limit": a key that grants nothing is a mistake. */
function assertGrantsSomething(permissions: readonly string[], roles: readonly string[]): void {
  if (permissions.length + roles.length > 0) return;
  throw InvalidInput.field('/permissions', 'name at least one permission or role');
}

function idsOf(roles: readonly Role[]): number[] {
  return roles.map((role) => role.roleId);
}
