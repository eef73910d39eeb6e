import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import type { RoleHolders } from '../rbac/role-assignments.js';
import type { Role } from '../rbac/role.entity.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';

/** The keys that have a role and are not revoked. */
@Injectable()
export class KeyRoleHolders implements RoleHolders {
  readonly noun = ['API key', 'API keys'] as const;

  constructor(
    private readonly repository: ApiKeysRepository,
    private readonly apiKeys: ApiKeysService,
  ) {}

  count(roleId: number): Promise<number> {
    return this.repository.countWithRole(roleId);
  }

  customerIds(roleId: number): Promise<number[]> {
    return this.repository.customerIdsWithRole(roleId);
  }

  /** 409 for a key of the configuration file of another node: nothing but the file changes that. */
  async replace(principal: Principal, role: Role, replacement: Role): Promise<void> {
    for (const apiKeyId of await this.repository.idsWithRole(role.roleId)) {
      const { roles } = await this.apiKeys.get(apiKeyId);
      const others = roles.filter(({ roleId }) => roleId !== role.roleId && roleId !== replacement.roleId);
      const names = [...others, replacement].map(({ name }) => name);
      await this.apiKeys.update(principal, apiKeyId, { roles: names }, null);
    }
  }

  release(roleId: number): Promise<void> {
    return this.repository.releaseRole(roleId);
  }
}
