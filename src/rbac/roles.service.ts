import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Conflict, InvalidInput, NotFound } from '../common/errors.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import type { Page } from '../common/page.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { fold, searchText } from '../common/text.js';
import { AuditService, difference, type Snapshot } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { AbilityService } from './ability.service.js';
import { ADMIN_ROLE, BUILT_IN_ROLES, type BuiltInRole } from './built-in-roles.js';
import { ConfiguredRoles } from './configured-roles.js';
import { GrantsService } from './grants.service.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { RbacErrors } from './rbac.errors.js';
import { RolePermissions } from './rbac.permissions.js';
import { RoleAssignments } from './role-assignments.js';
import type { Role } from './role.entity.js';
import { StepUpGate } from './step-up.js';
import { CreateRoleRequest, ListRolesQuery, UpdateRoleRequest } from './roles.dto.js';
import { RolesRepository } from './roles.repository.js';

/** A role that is to go, and the one that everybody gets instead; null = nobody has it. */
export interface Removal {
  readonly roleId: number;
  readonly replacementId: number | null;
}

const NAME_LENGTH = 64;

@Injectable()
export class RolesService implements OnApplicationBootstrap {
  constructor(
    private readonly database: Database,
    private readonly roles: RolesRepository,
    private readonly catalogue: PermissionCatalogue,
    private readonly abilities: AbilityService,
    private readonly grants: GrantsService,
    private readonly assignments: RoleAssignments,
    private readonly configured: ConfiguredRoles,
    private readonly stepUp: StepUpGate,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Every feature has declared its permissions by now. */
  async onApplicationBootstrap(): Promise<void> {
    await this.seedBuiltIn();
  }

  async get(roleId: number): Promise<Role> {
    return found(await this.roles.find(roleId), roleId);
  }

  list(query: ListRolesQuery): Promise<Page<Role>> {
    return this.roles.list(query);
  }

  async create(principal: Principal, request: CreateRoleRequest): Promise<Role> {
    this.assertName(request.name);
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      await this.stepUp.demand(principal);
      const { permissions } = await this.grants.resolve(giver, { permissions: request.permissions }, []);
      const { name, description = null } = request;
      const role = await this.roles.insert(this.newRole({ name, description, permissions }, false));
      await this.record(principal, 'role.created', role, { after: snapshot(role) });
      return role;
    });
  }

  /**
   * Whoever edits must hold what the role grants, before and after, for the customers of everybody who has it. Null for a
   * principal that may change roles without seeing them. What changes nothing writes nothing and is not recorded.
   */
  async update(
    principal: Principal,
    roleId: number,
    request: UpdateRoleRequest,
    ifMatch: Precondition,
  ): Promise<Role | null> {
    if (request.name !== undefined) this.assertName(request.name);
    const after = await this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      await this.stepUp.demand(principal);
      const before = found(await this.roles.findForUpdate(roleId), roleId);
      const wanted = this.edited(before, request);
      await this.assertMayGive(giver, before, request.permissions ?? []);
      assertMatches(ifMatch, before.version);
      this.assertMayBecome(before, wanted);
      const change = difference(snapshot(before), snapshot(wanted));
      if (!change) return before;
      await this.roles.update(wanted);
      await this.record(principal, 'role.updated', wanted, change);
      return wanted;
    });
    return this.abilities.mayEver(principal, RolePermissions.view) ? after : null;
  }

  /** Whoever has the role gets the replacement in the same transaction, as if each had been given it one by one. */
  remove(principal: Principal, { roleId, replacementId }: Removal, ifMatch: Precondition): Promise<void> {
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      await this.stepUp.demand(principal);
      const role = found(await this.roles.findForUpdate(roleId), roleId);
      const replacement = replacementId === null ? null : await this.replacement(giver, role, replacementId);
      assertMatches(ifMatch, role.version);
      if (role.isBuiltIn) throw new Conflict(RbacErrors.builtIn, { role: role.name });
      this.assertFree(role, this.configured.naming(role));
      const holders = await this.assignments.holdersOf(roleId);
      if (holders !== null && !replacement) {
        throw new Conflict(RbacErrors.roleAssigned, { role: role.name, holders });
      }
      if (replacement) await this.assignments.replace(principal, role, replacement);
      await this.assignments.release(roleId);
      await this.roles.remove(roleId);
      const after = replacement && { replacement: replacement.name };
      await this.record(principal, 'role.deleted', role, { before: snapshot(role), after });
    });
  }

  /** Makes the built-in roles that are missing. Those that are there stay as they are: an administrator may have edited them. */
  async seedBuiltIn(): Promise<void> {
    await this.database.transaction(async () => {
      await this.revisions.claim('roles');
      for (const role of BUILT_IN_ROLES) await this.seed(role);
    });
  }

  private async seed(builtIn: BuiltInRole): Promise<void> {
    const { name, permissions } = builtIn;
    const unknown = permissions.filter((identifier) => !this.catalogue.has(identifier));
    if (unknown.length > 0)
      throw new Error(`the built-in role ${name} grants what no feature declares: ${unknown.join(', ')}`);
    if (await this.roles.findByNameKey(fold(name))) return;
    await this.roles.insertUnlessThere(this.newRole(builtIn, true));
    const role = await this.roles.findByNameKey(fold(name));
    if (role) await this.record(systemPrincipal('start'), 'role.created', role, { after: snapshot(role) });
  }

  /** Ends every change alike: all nodes are told, and it is recorded. */
  private async record(
    principal: Principal,
    event: string,
    role: Role,
    change: { before?: Snapshot | null; after?: Snapshot | null },
  ): Promise<void> {
    await this.revisions.bump('roles');
    await this.audit.record(principal, { event, subject: { type: 'role', id: role.roleId }, ...change });
  }

  private newRole({ name, description, permissions }: Snapshotted, isBuiltIn: boolean): Omit<Role, 'roleId'> {
    const now = this.clock.instant();
    const keys = { nameKey: fold(name), searchText: searchText(name, description) };
    const fixed = { isBuiltIn, version: 1, created: now, updated: now };
    return { name, description, permissions: [...permissions], ...keys, ...fixed };
  }

  private edited(before: Role, request: UpdateRoleRequest): Role {
    const { name = before.name, permissions = before.permissions } = request;
    const description = request.description === undefined ? before.description : request.description;
    return {
      ...before,
      ...{ name, nameKey: fold(name), description, permissions, searchText: searchText(name, description) },
      ...{ version: before.version + 1, updated: this.clock.instant() },
    };
  }

  /** All that is lacking is named at once; a stored word that no feature declares any more is held by nobody but admin. */
  private async assertMayGive(principal: Principal, before: Role, wanted: readonly string[]): Promise<void> {
    const customerIds = await this.assignments.customerIdsOf(before.roleId);
    const known = before.permissions.filter((identifier) => this.catalogue.has(identifier));
    await this.grants.resolve(principal, { permissions: [...wanted, ...known] }, customerIds);
    await this.grants.assertHolds(principal, before.permissions, customerIds);
  }

  private async replacement(principal: Principal, role: Role, replacementId: number): Promise<Role> {
    const replacement = replacementId === role.roleId ? null : await this.roles.find(replacementId);
    if (!replacement) {
      throw InvalidInput.field('/replacement_role_id', `there is no other role ${replacementId}; see GET /crm/roles`);
    }
    const customerIds = await this.assignments.customerIdsOf(role.roleId);
    await this.grants.assertHolds(principal, replacement.permissions, customerIds);
    return replacement;
  }

  /** The configuration takes a name for a role or for a permission, and must never have to choose. */
  private assertName(name: string): void {
    if (this.catalogue.has(fold(name))) {
      throw InvalidInput.field('/name', `${fold(name)} is a permission: no role is named like one`);
    }
    if ([...fold(name)].length > NAME_LENGTH) {
      throw InvalidInput.field(
        '/name',
        `has more than ${NAME_LENGTH} characters once compound letters are written out`,
      );
    }
  }

  private assertMayBecome(before: Role, wanted: Role): void {
    if (before.isBuiltIn && before.name === ADMIN_ROLE) throw new Conflict(RbacErrors.adminProtected);
    if (before.isBuiltIn && before.name !== wanted.name) throw new Conflict(RbacErrors.builtIn, { role: before.name });
    if (before.nameKey !== wanted.nameKey) this.assertFree(before, this.configured.naming(before));
    this.assertFree(before, this.configured.refusing(before, wanted.permissions));
  }

  private assertFree(role: Role, places: readonly string[]): void {
    if (places.length === 0) return;
    throw new Conflict(RbacErrors.roleConfigured, { role: role.name, places: places.join(', ') });
  }
}

type Snapshotted = Pick<Role, 'name' | 'description'> & { readonly permissions: readonly string[] };

function found(role: Role | null, roleId: number): Role {
  if (!role) throw new NotFound(RbacErrors.roleNotFound, { id: roleId });
  return role;
}

/** The audit trail speaks the wire's words. */
function snapshot({ name, description, permissions }: Snapshotted): Snapshot {
  return { name, description, permissions: [...permissions] };
}
