import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { Conflict, Forbidden, NotFound } from '../common/errors.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import type { Page } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { fold, searchText } from '../common/text.js';
import { AuditService, difference } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { ADMIN_ROLE } from '../rbac/built-in-roles.js';
import { CustomerReach } from '../rbac/customer-reach.js';
import { GrantsService } from '../rbac/grants.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { Role } from '../rbac/role.entity.js';
import type { User } from './user.entity.js';
import type { UserView } from './user.view.js';
import { CreateUserRequest, ListUsersQuery, UpdateUserRequest } from './users.dto.js';
import { UserErrors } from './users.errors.js';
import { type UserRecord, UsersRepository } from './users.repository.js';

export type { UserView };

@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersRepository,
    private readonly grants: GrantsService,
    private readonly customerReach: CustomerReach,
    private readonly directory: RoleDirectory,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly passwords: PasswordHasher,
    private readonly clock: Clock,
  ) {}

  async list(query: ListUsersQuery): Promise<Page<UserView>> {
    const page = await this.users.list(query);
    return { ...page, rows: await Promise.all(page.rows.map((record) => this.view(record))) };
  }

  async get(userId: number): Promise<UserView> {
    return this.view(found(await this.users.find(userId), userId));
  }

  /** The account behind an e-mail in any spelling, or null. */
  async findByEmail(email: string): Promise<UserView | null> {
    const record = await this.users.findByEmailKey(fold(email));
    return record && this.view(record);
  }

  async findById(userId: number): Promise<UserView | null> {
    const record = await this.users.find(userId);
    return record && this.view(record);
  }

  hasAny(): Promise<boolean> {
    return this.users.exists();
  }

  async create(principal: Principal, request: CreateUserRequest): Promise<UserView> {
    const customerIds = request.customer_ids ?? [];
    const { roles } = await this.grants.resolve(principal, { roles: request.roles ?? [] }, customerIds);
    await this.customerReach.assertReaches(principal, customerIds);
    // Hashed before the transaction: it takes long, and nobody else should wait for it.
    const passwordDigest = await this.passwords.hash(request.password);
    return this.database.transaction(async () => {
      const record = await this.users.insert(
        newUser(request, passwordDigest, this.clock.instant()),
        roles.map((role) => role.roleId),
        customerIds,
      );
      const view = await this.view(record);
      const subject = { type: 'user', id: record.user.userId };
      await this.audit.record(principal, { event: 'user.created', subject, after: snapshot(view) });
      return view;
    });
  }

  async update(
    principal: Principal,
    userId: number,
    request: UpdateUserRequest,
    ifMatch: Precondition,
  ): Promise<UserView> {
    const customerIds = request.customer_ids;
    if (customerIds) await this.customerReach.assertReaches(principal, customerIds);
    return this.change(principal, userId, ifMatch, async ({ user, roles }) => {
      if (customerIds) await this.grants.assertHolds(principal, permissionsOf(roles), customerIds);
      if (request.status === 'deactivated') await this.assertMayDeactivate(principal, user, roles);
      if (customerIds) await this.users.setCustomers(userId, customerIds);
      const name = request.name ?? user.name;
      return { name, status: request.status ?? user.status, searchText: searchText(name, user.email) };
    });
  }

  /** Roles replace the present ones; giver and target are both checked. */
  async setRoles(
    principal: Principal,
    userId: number,
    names: readonly string[],
    ifMatch: Precondition,
  ): Promise<UserView> {
    return this.change(principal, userId, ifMatch, async (before) => {
      const { roles } = await this.grants.resolve(principal, { roles: names }, before.customerIds);
      if (!roles.some(isAdministrator)) await this.assertNotLast(before.user, before.roles);
      await this.users.setRoles(
        userId,
        roles.map((role) => role.roleId),
      );
      return {};
    });
  }

  async noteLogin(userId: number, at: Instant): Promise<void> {
    await this.users.update(userId, { lastLoginAt: at });
  }

  async noteUse(userId: number, lastUsedAt: Instant, lastUsedAddress: string): Promise<void> {
    await this.users.update(userId, { lastUsedAt, lastUsedAddress });
  }

  /** Called by login when the parameters of the hash have grown since. */
  async rehash(userId: number, password: string): Promise<void> {
    const passwordDigest = await this.passwords.hash(password);
    await this.database.transaction(() => this.users.update(userId, { passwordDigest }));
  }

  /** For the operator at the machine: sets a password and lets the account in again, whatever locked it out. */
  async resetFromCommandLine(principal: Principal, userId: number, password: string): Promise<UserView> {
    const passwordDigest = await this.passwords.hash(password);
    return this.change(principal, userId, null, () =>
      Promise.resolve({ passwordDigest, status: 'active' as const, sessionsValidAfter: this.clock.instant() }),
    );
  }

  /** Load → decide → write → audit, in one transaction: what every change of a user has in common. */
  private async change(
    principal: Principal,
    userId: number,
    ifMatch: Precondition,
    decide: (before: UserView) => Promise<Partial<User>>,
  ): Promise<UserView> {
    return this.database.transaction(async () => {
      const before = await this.view(found(await this.users.findForUpdate(userId), userId));
      await this.assertActsOn(principal, before);
      assertMatches(ifMatch, before.user.version);
      const changes = await decide(before);
      await this.users.update(userId, { ...changes, version: before.user.version + 1, updated: this.clock.instant() });
      await this.revisions.bump('users');
      const after = await this.get(userId);
      const changed = difference(snapshot(before), snapshot(after)) ?? { before: null, after: null };
      await this.audit.record(principal, { event: 'user.updated', subject: { type: 'user', id: userId }, ...changed });
      return after;
    });
  }

  /** Acting on a user needs every right and every customer that the target has (spec: permissions, rules). */
  private async assertActsOn(principal: Principal, target: UserView): Promise<void> {
    const above = this.grants.lacking(principal, permissionsOf(target.roles), target.customerIds);
    if (above.length > 0) {
      const subject = { type: 'user', id: target.user.userId };
      await this.audit.recordSecurity({ event: 'authz_fail', subject, after: { target_rights: above } }, principal);
      throw new Forbidden(UserErrors.targetAboveYou, { permissions: above.join(', ') }, { missingPermissions: above });
    }
    if (!target.customerIds.every((customerId) => this.customerReach.reaches(principal, customerId))) {
      throw new Forbidden(UserErrors.foreignCustomers);
    }
  }

  private async assertMayDeactivate(principal: Principal, user: User, roles: readonly Role[]): Promise<void> {
    if (principal.kind === 'user' && principal.id === user.userId) throw new Conflict(UserErrors.selfDeactivation);
    await this.assertNotLast(user, roles);
  }

  private async assertNotLast(user: User, roles: readonly Role[]): Promise<void> {
    const admin = roles.find(isAdministrator);
    if (!admin || user.status !== 'active') return;
    if ((await this.users.countActiveWithRole(admin.roleId)) <= 1) throw new Conflict(UserErrors.lastAdministrator);
  }

  private async view({ user, roleIds, customerIds }: UserRecord): Promise<UserView> {
    return { user, roles: await this.directory.withIds(roleIds), customerIds };
  }
}

function newUser(request: CreateUserRequest, passwordDigest: string, now: Instant): Omit<User, 'userId'> {
  const { email, name } = request;
  return {
    email,
    emailKey: fold(email),
    name,
    status: 'active',
    searchText: searchText(name, email),
    passwordDigest,
    sessionsValidAfter: null,
    lastLoginAt: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    version: 1,
    created: now,
    updated: now,
  };
}

function found(record: UserRecord | null, userId: number): UserRecord {
  if (!record) throw new NotFound(UserErrors.notFound, { id: userId });
  return record;
}

function permissionsOf(roles: readonly Role[]): string[] {
  return roles.flatMap((role) => role.permissions);
}

function isAdministrator(role: Role): boolean {
  return role.isBuiltIn && role.name === ADMIN_ROLE;
}

/** What the audit trail keeps of a user; never its password's digest. */
function snapshot({ user, roles, customerIds }: UserView): Record<string, unknown> {
  const { email, name, status } = user;
  return { email, name, status, roles: roles.map((role) => role.name), customer_ids: [...customerIds] };
}
