import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Revisions } from '../platform/database/revisions.js';
import type { Role } from './role.entity.js';
import { RolesRepository } from './roles.repository.js';

/** All roles by id and by name, read once and dropped when any role changes. */
@Injectable()
export class RoleDirectory implements OnApplicationBootstrap {
  private cached: readonly Role[] | null = null;
  private readonly supposition = new AsyncLocalStorage<Role>();

  constructor(
    private readonly roles: RolesRepository,
    private readonly revisions: Revisions,
  ) {}

  onApplicationBootstrap(): void {
    this.revisions.onStale(() => (this.cached = null));
  }

  async all(): Promise<readonly Role[]> {
    const roles = await this.stored();
    const supposed = this.supposition.getStore();
    return supposed ? roles.map((role) => (role.roleId === supposed.roleId ? supposed : role)) : roles;
  }

  /** Everything that `work` finds out is as if the role were this one already; nobody else sees it so. */
  supposing<T>(role: Role, work: () => Promise<T>): Promise<T> {
    return this.supposition.run(role, work);
  }

  async withIds(ids: readonly number[]): Promise<Role[]> {
    const wanted = new Set(ids);
    return (await this.all()).filter((role) => wanted.has(role.roleId));
  }

  /** Effective permissions: direct grants and every role's, without duplicates. */
  async effective(
    roleIds: readonly number[],
    direct: readonly string[] = [],
  ): Promise<{ names: string[]; permissions: ReadonlySet<string> }> {
    const roles = await this.withIds(roleIds);
    return {
      names: roles.map((role) => role.name),
      permissions: new Set([...direct, ...roles.flatMap((role) => role.permissions)]),
    };
  }

  private async stored(): Promise<readonly Role[]> {
    if (this.cached && this.revisions.isFresh()) return this.cached;
    const { epoch } = this.revisions;
    const roles = await this.roles.all();
    if (epoch === this.revisions.epoch) this.cached = roles;
    return roles;
  }
}
