import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import type { RoleHolders } from '../rbac/role-assignments.js';
import type { Role } from '../rbac/role.entity.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** The users who have a role. */
@Injectable()
export class UserRoleHolders implements RoleHolders {
  readonly noun = ['user', 'users'] as const;

  constructor(
    private readonly repository: UsersRepository,
    private readonly users: UsersService,
  ) {}

  count(roleId: number): Promise<number> {
    return this.repository.countWithRole(roleId);
  }

  customerIds(roleId: number): Promise<number[]> {
    return this.repository.customerIdsWithRole(roleId);
  }

  async replace(principal: Principal, role: Role, replacement: Role): Promise<void> {
    for (const userId of await this.repository.idsWithRole(role.roleId)) {
      const { roles } = await this.users.get(userId);
      const others = roles.filter(({ roleId }) => roleId !== role.roleId && roleId !== replacement.roleId);
      const names = [...others, replacement].map(({ name }) => name);
      await this.users.setRoles(principal, userId, names, null);
    }
  }

  /** A deactivated user may come back: none is over. */
  release(): Promise<void> {
    return Promise.resolve();
  }
}
