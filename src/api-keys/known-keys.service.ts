import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { GrantsService } from '../rbac/grants.service.js';
import type { KnownPrincipal, PrincipalSource, Slice } from '../rbac/known-principals.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { type Creators, isExpired, KeyPrincipals } from './api-key.principals.js';
import type { ApiKey } from './api-key.entity.js';
import { type ApiKeyRecord, ApiKeysRepository } from './api-keys.repository.js';

/** Keys of both kinds, for explanations of rights. */
@Injectable()
export class KnownKeys {
  constructor(
    private readonly keys: ApiKeysRepository,
    private readonly principals: KeyPrincipals,
    private readonly directory: RoleDirectory,
    private readonly grants: GrantsService,
    private readonly clock: Clock,
  ) {}

  source(kind: ApiKey['kind']): PrincipalSource {
    return {
      kind: kindOf(kind),
      find: async (id) => {
        const record = typeof id === 'number' ? await this.keys.find(id) : null;
        return record?.key.kind === kind ? this.known(record, new Map()) : null;
      },
      list: async (slice: Slice) => {
        const records = await this.keys.slice(kind, slice);
        const creators: Creators = new Map();
        return Promise.all(records.map((record) => this.known(record, creators)));
      },
    };
  }

  private async known(record: ApiKeyRecord, creators: Creators): Promise<KnownPrincipal> {
    const { key, roleIds } = record;
    const principal = await this.principals.of({ record, isOutdated: false, validUntil: null }, creators);
    const roles = await this.directory.withIds(roleIds);
    return {
      id: key.apiKeyId,
      position: key.apiKeyId,
      principal: principal ?? nobody(key),
      assignments: [
        { role: null, permissions: key.permissions },
        ...roles.map(({ name, permissions }) => ({ role: name, permissions })),
      ],
      obstacle: await this.obstacle(key, principal),
      bar: await this.bar(record, creators),
      takesCustomers: key.source === 'database' && key.kind === 'organization',
      nameFor: () => key.name,
    };
  }

  private async obstacle(key: ApiKey, principal: Principal | null): Promise<string | null> {
    if (key.revokedAt !== null) return `The key was revoked at ${key.revokedAt}.`;
    if (isExpired(key, this.clock.instant())) return `The key expired at ${key.expiryDate}.`;
    if (await this.principals.isSwitchedOff(key)) return 'Personal access tokens are switched off.';
    return principal ? null : 'The key is bound to its creator, who is let in no more.';
  }

  /** A bound key never holds what its creator lacks, whatever it is given (K17). */
  private async bar({ key, customerIds }: ApiKeyRecord, creators: Creators): Promise<KnownPrincipal['bar']> {
    if (key.kind === 'personal') return { reason: 'a personal token keeps what it was made with', bars: () => true };
    const creator = key.isBoundToCreator ? await this.principals.creatorOf(key, creators) : null;
    if (!creator) return null;
    return {
      reason: 'the key is bound to its creator, who does not hold it',
      bars: (identifier) => this.grants.lacking(creator, [identifier], customerIds).length > 0,
    };
  }
}

function nobody({ apiKeyId, name, kind }: ApiKey): Principal {
  return { ...systemPrincipal(name), kind: kindOf(kind), id: apiKeyId, permissions: new Set() };
}

function kindOf(kind: ApiKey['kind']): 'api_key' | 'personal_token' {
  return kind === 'personal' ? 'personal_token' : 'api_key';
}
