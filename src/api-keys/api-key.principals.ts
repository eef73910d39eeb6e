import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { IpRange } from '../common/ip-range.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { Settings } from '../platform/settings/settings.service.js';
import { GrantsService } from '../rbac/grants.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { UsersService } from '../users/users.service.js';
import type { ApiKey } from './api-key.entity.js';
import { type ApiKeyRecord, ApiKeysRepository } from './api-keys.repository.js';
import { PersonalTokenSettings } from './personal-tokens/personal-tokens.settings.js';

/** A key, and by which of its values it was presented. */
export interface PresentedKey {
  readonly record: ApiKeyRecord;
  readonly isOutdated: boolean;
  /** When the old value stops working, as far as that is known. */
  readonly validUntil: Instant | null;
}

/** Creators that were looked up already, by kind and id: one walk through many keys asks for each once. */
export type Creators = Map<string, Promise<Principal | null>>;

/** Makes the principal of a key: what it may do now, from where, and until when. */
@Injectable()
export class KeyPrincipals {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly directory: RoleDirectory,
    private readonly users: UsersService,
    private readonly grants: GrantsService,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** The principal behind a key; null for a bound one whose creator is no more. */
  async of({ record, isOutdated, validUntil }: PresentedKey, known: Creators = new Map()): Promise<Principal | null> {
    const { key, roleIds, customerIds } = record;
    const { names, permissions } = await this.directory.effective(roleIds, key.permissions);
    const principal: Principal = {
      kind: actorKindOf(key),
      id: key.apiKeyId,
      name: key.name,
      roles: names,
      permissions,
      customerIds,
      expiresAt: earliest(validUntil, key.expiryDate),
      credential: 'api_key',
      sessionId: null,
      isOutdated,
      allowedAddresses: rangesOf(key.allowedAddresses),
      rateLimit: key.rateLimit,
    };
    return key.isBoundToCreator ? this.boundToCreator(principal, key, known) : principal;
  }

  /** What the creator no longer holds, the key no longer holds; and without a creator there is no key (K17). */
  private async boundToCreator(principal: Principal, key: ApiKey, known: Creators): Promise<Principal | null> {
    const creator = await this.creatorOf(key, known);
    if (!creator) return null;
    // A personal token acts for whomever its user acts for; a key for the customers that it was given.
    const customerIds = key.kind === 'personal' ? creator.customerIds : principal.customerIds;
    const lacking = new Set(this.grants.lacking(creator, [...principal.permissions], customerIds));
    const permissions = new Set([...principal.permissions].filter((it) => !lacking.has(it)));
    return { ...principal, permissions, customerIds, expiresAt: earliest(principal.expiresAt, creator.expiresAt) };
  }

  /** Whoever made the key, as they are now; null when they are let in no more. */
  creatorOf(key: ApiKey, known: Creators = new Map()): Promise<Principal | null> {
    const name = key.createdByUserId === null ? `key:${key.createdByKeyId}` : `user:${key.createdByUserId}`;
    const creator = known.get(name) ?? this.readCreator(key, known);
    known.set(name, creator);
    return creator;
  }

  private async readCreator(key: ApiKey, known: Creators): Promise<Principal | null> {
    if (key.createdByUserId !== null) return this.userPrincipal(key.createdByUserId);
    const parent = key.createdByKeyId === null ? null : await this.keys.find(key.createdByKeyId);
    const isLive = parent?.key.revokedAt === null && !isExpired(parent.key, this.clock.instant());
    if (!isLive || (await this.isSwitchedOff(parent.key))) return null;
    return this.of({ record: parent, isOutdated: false, validUntil: null }, known);
  }

  /** Personal tokens work only while the installation allows them (K16); what they made sleeps with them. */
  async isSwitchedOff({ kind }: ApiKey): Promise<boolean> {
    return kind === 'personal' && !(await this.settings.get(PersonalTokenSettings.enabled));
  }

  private async userPrincipal(userId: number): Promise<Principal | null> {
    const found = await this.users.findById(userId);
    if (found?.user.status !== 'active') return null;
    const { permissions } = await this.directory.effective(found.roles.map((role) => role.roleId));
    return { ...systemPrincipal(found.user.email), kind: 'user', permissions, customerIds: found.customerIds };
  }
}

/** What a key is called as a principal, and so in both logs. */
export function actorKindOf({ kind }: ApiKey): 'api_key' | 'personal_token' {
  return kind === 'personal' ? 'personal_token' : 'api_key';
}

export function isExpired({ expiryDate }: ApiKey, now: Instant): boolean {
  return expiryDate !== null && expiryDate <= now;
}

/** Of two ends the one that comes first; null = none. */
function earliest(one: Instant | null, other: Instant | null): Instant | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}

function rangesOf(texts: readonly string[] | null): IpRange[] | null {
  return texts === null ? null : texts.map((text) => IpRange.parse(text)).filter((range) => range instanceof IpRange);
}
