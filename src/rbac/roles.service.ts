import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import type { Page } from '../common/page.js';
import { systemPrincipal } from '../common/principal.js';
import { fold, searchText } from '../common/text.js';
import { AuditService } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { BUILT_IN_ROLES, type BuiltInRole } from './built-in-roles.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { RbacErrors } from './rbac.errors.js';
import type { Role } from './role.entity.js';
import { ListRolesQuery } from './roles.dto.js';
import { RolesRepository } from './roles.repository.js';

@Injectable()
export class RolesService implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly roles: RolesRepository,
    private readonly catalogue: PermissionCatalogue,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Every feature has declared its permissions by now. */
  async onApplicationBootstrap(): Promise<void> {
    await this.seedBuiltIn();
  }

  async get(roleId: number): Promise<Role> {
    const role = await this.roles.find(roleId);
    if (!role) throw new NotFound(RbacErrors.roleNotFound, { id: roleId });
    return role;
  }

  list(query: ListRolesQuery): Promise<Page<Role>> {
    return this.roles.list(query);
  }

  /** Makes the built-in roles that are missing. Those that are there stay as they are: an administrator may have edited them. */
  async seedBuiltIn(): Promise<void> {
    await this.database.transaction(async () => {
      await this.revisions.claim('roles');
      for (const role of BUILT_IN_ROLES) await this.seed(role);
    });
  }

  private async seed({ name, description, permissions }: BuiltInRole): Promise<void> {
    const unknown = permissions.filter((identifier) => !this.catalogue.has(identifier));
    if (unknown.length > 0)
      throw new Error(`the built-in role ${name} grants what no feature declares: ${unknown.join(', ')}`);
    if (await this.roles.findByNameKey(fold(name))) return;
    const now = this.clock.instant();
    await this.roles.insert({
      name,
      nameKey: fold(name),
      description,
      permissions: [...permissions],
      searchText: searchText(name, description),
      isBuiltIn: true,
      version: 1,
      created: now,
      updated: now,
    });
    const role = await this.roles.findByNameKey(fold(name));
    await this.revisions.bump('roles');
    const after = { name, description, permissions };
    const subject = role && { type: 'role', id: role.roleId };
    await this.audit.record(systemPrincipal('start'), { event: 'role.created', subject, after });
  }
}
