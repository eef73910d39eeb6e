import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { Conflict, NotFound } from '../common/errors.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import type { Page } from '../common/page.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { fold, searchText } from '../common/text.js';
import { AuditService, difference } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { PasswordHasher } from '../platform/secrets/password-hasher.js';
import { assertAcceptablePassword } from '../platform/secrets/password-policy.js';
import type { OwnedRow } from '../rbac/ability.service.js';
import { ADMIN_ROLE, CUSTOMER_ROLE } from '../rbac/built-in-roles.js';
import { CustomerReach } from '../rbac/customer-reach.js';
import { GrantsService } from '../rbac/grants.service.js';
import type { Slice } from '../rbac/known-principals.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { Role } from '../rbac/role.entity.js';
import { reaches, type RowScope } from '../rbac/row-scope.js';
import { StepUpGate } from '../rbac/step-up.js';
import { EmailChangesService } from './email-changes.service.js';
import { InvitationsService } from './invitations.service.js';
import type { User } from './user.entity.js';
import { UserReach } from './user-reach.service.js';
import { applied, type Decision, differs, newUser, ownerOf, permissionsOf, snapshot, statusOf } from './user.rules.js';
import type { UserView } from './user.view.js';
import { CreateUserRequest, ListUsersQuery, UpdateUserRequest, UserResponse } from './users.dto.js';
import { UserErrors } from './users.errors.js';
import { UserPermissions } from './users.permissions.js';
import { type UserRecord, UsersRepository } from './users.repository.js';

export { UserErrors, type UserView };

/** By which right somebody acts on a user, which says whom it reaches; null = whoever has it reaches everybody. */
type Right = PermissionDefinition | null;

interface Change {
  readonly userId: number;
  readonly right: Right;
  readonly ifMatch: Precondition;
}

@Injectable()
export class UsersService {
  constructor(
    private readonly database: Database,
    private readonly users: UsersRepository,
    private readonly reach: UserReach,
    private readonly grants: GrantsService,
    private readonly customerReach: CustomerReach,
    private readonly directory: RoleDirectory,
    private readonly stepUp: StepUpGate,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly passwords: PasswordHasher,
    private readonly invitations: InvitationsService,
    private readonly emailChanges: EmailChangesService,
    private readonly clock: Clock,
  ) {}

  async list(principal: Principal, query: ListUsersQuery): Promise<Page<UserView>> {
    this.reach.assertSortable(principal, query.sort);
    const page = await this.users.list(await this.reach.scopeOf(principal), query);
    return { ...page, rows: await Promise.all(page.rows.map((record) => this.view(record))) };
  }

  /** As somebody may see it who asks for it. */
  async getFor(principal: Principal, userId: number): Promise<UserView> {
    const view = await this.get(userId);
    this.reach.assertReaches(principal, UserPermissions.view, view);
    return view;
  }

  /** Makes answers of users as this reader may see them. */
  presenter(reader: Principal): (view: UserView) => UserResponse {
    return this.reach.presenter(reader);
  }

  /** For explanations of rights: the user through a scope, just as routes look it up. */
  async within(scope: RowScope, userId: number): Promise<OwnedRow | null> {
    const view = await this.findById(userId);
    const owner = view && ownerOf(view);
    return owner && reaches(scope, owner) ? owner : null;
  }

  async get(userId: number): Promise<UserView> {
    return this.view(found(await this.users.find(userId), userId));
  }

  /** The account behind an e-mail in any spelling, or null. */
  async findByEmail(email: string): Promise<UserView | null> {
    const record = await this.users.findByEmailKey(fold(email));
    return record && this.view(record);
  }

  /** The account alone: of a login that is refused, an unknown e-mail must not save a look at roles and customers. */
  findAccount(email: string): Promise<User | null> {
    return this.users.findUserByEmailKey(fold(email));
  }

  async findById(userId: number): Promise<UserView | null> {
    const record = await this.users.find(userId);
    return record && this.view(record);
  }

  /** Keeps the user, with roles and customers, as it is until the open transaction ends. */
  share(userId: number): Promise<void> {
    return this.users.share(userId);
  }

  /** Active users in the order of their ids. */
  async slice(slice: Slice): Promise<UserView[]> {
    return Promise.all((await this.users.slice(slice)).map((record) => this.view(record)));
  }

  hasAny(): Promise<boolean> {
    return this.users.exists();
  }

  async create(principal: Principal, request: CreateUserRequest): Promise<UserView> {
    // Judged before the password is hashed, which takes long, and again where the user is made.
    await this.resolve(principal, request);
    return this.add(principal, request, await this.digestOf(request));
  }

  /** With the digest of a password that was accepted already; null = to be invited. */
  async add(principal: Principal, request: CreateUserRequest, passwordDigest: string | null): Promise<UserView> {
    return this.database.transaction(async () => {
      const giver = await this.grants.present(principal);
      const { roles, customerIds } = await this.resolve(giver, request);
      if (roles.length > 0) await this.stepUp.demand(principal);
      const record = await this.users.insert(
        newUser(request, passwordDigest, this.clock.instant()),
        roles.map((role) => role.roleId),
        customerIds,
      );
      const view = await this.view(record);
      const subject = { type: 'user', id: record.user.userId };
      await this.audit.record(principal, { event: 'user.created', subject, after: snapshot(view) });
      if (record.user.status === 'invited') await this.invitations.send(record.user);
      return view;
    });
  }

  async update(
    principal: Principal,
    userId: number,
    request: UpdateUserRequest,
    ifMatch: Precondition,
  ): Promise<UserView | null> {
    const { email, customer_ids: customerIds } = request;
    if (customerIds) await this.customerReach.assertReaches(principal, customerIds);
    const change = { userId, right: UserPermissions.update, ifMatch };
    const after = await this.database.transaction(async () => {
      const edited = await this.change(principal, change, (before, giver) => this.edited(giver, before, request));
      if (email !== undefined) await this.emailChanges.ask(principal, edited.user, email);
      return edited;
    });
    return this.shown(principal, after);
  }

  /** Roles replace the present ones; giver and target are both checked. */
  async setRoles(
    principal: Principal,
    userId: number,
    names: readonly string[],
    ifMatch: Precondition,
  ): Promise<UserView | null> {
    const decide = async (before: UserView, giver: Principal): Promise<Decision> => {
      const { roles } = await this.grants.resolve(giver, { roles: names }, before.customerIds);
      if (!roles.some(isAdministrator)) await this.assertNotLast(before.user, before.roles);
      return { roles };
    };
    const after = await this.database.transaction(async () => {
      // First of all: what is read before the two are locked may be older than the locks.
      await this.users.lock(userId);
      await this.grants.present(principal);
      await this.stepUp.demand(principal);
      return this.change(principal, { userId, right: null, ifMatch }, decide);
    });
    return this.shown(principal, after);
  }

  /** What the user did stays on record under the name; sessions and bound keys end with the account. */
  async remove(principal: Principal, userId: number, ifMatch: Precondition): Promise<void> {
    await this.database.transaction(async () => {
      const before = await this.lockToActOn(principal, userId, UserPermissions.delete);
      assertMatches(ifMatch, before.user.version);
      if (isSelf(principal, before.user)) throw new Conflict(UserErrors.selfRemoval);
      await this.assertNotLast(before.user, before.roles);
      await this.users.remove(userId);
      await this.revisions.bump('users');
      const subject = { type: 'user', id: userId };
      await this.audit.record(principal, { event: 'user.deleted', subject, before: snapshot(before) });
    });
  }

  /** False when the account was closed or got another password since this one was verified: then nobody logs in. */
  noteLogin({ userId }: User, passwordDigest: string | null, at: Instant): Promise<boolean> {
    return this.users.noteLogin(userId, passwordDigest, at);
  }

  async noteUse(userId: number, lastUsedAt: Instant, lastUsedAddress: string): Promise<void> {
    await this.users.update(userId, { lastUsedAt, lastUsedAddress });
  }

  /** Called by login when the parameters of the hash have grown since. */
  async rehash({ userId, passwordDigest: verified }: User, password: string): Promise<string> {
    const passwordDigest = await this.passwords.hash(password);
    await this.database.transaction(() => this.users.replaceDigest(userId, verified, { passwordDigest }));
    return passwordDigest;
  }

  /** For the operator at the machine: sets a password and lets the account in again, whatever locked it out. */
  async resetFromCommandLine(principal: Principal, userId: number, password: string): Promise<UserView> {
    assertAcceptablePassword(password, (await this.get(userId)).user.email);
    const passwordDigest = await this.passwords.hash(password);
    const decide = (): Promise<Decision> => {
      const sessionsValidAfter = this.clock.instant();
      return Promise.resolve({ columns: { passwordDigest, status: 'active', sessionsValidAfter } });
    };
    return this.database.transaction(async () => {
      const after = await this.change(principal, { userId, right: null, ifMatch: null }, decide);
      await this.audit.record(principal, { event: 'user.password_reset', subject: { type: 'user', id: userId } });
      return after;
    });
  }

  /** The user, locked, for a principal that acts on what hangs on the account in the open transaction. */
  async lockToActOn(principal: Principal, userId: number, right: Right): Promise<UserView> {
    const view = await this.view(found(await this.users.findForUpdate(userId), userId));
    if (right) this.reach.assertReaches(principal, right, view);
    await this.reach.assertActsOn(principal, view);
    return view;
  }

  private async edited(principal: Principal, before: UserView, request: UpdateUserRequest): Promise<Decision> {
    const { user, roles } = before;
    this.reach.assertWrites(principal, before, request);
    const customerIds = request.customer_ids;
    if (customerIds) await this.customerReach.assertReaches(principal, customerIds);
    if (customerIds) await this.grants.assertHolds(principal, permissionsOf(roles), customerIds);
    if (request.status === 'deactivated') await this.assertMayDeactivate(principal, user, roles);
    const { name = user.name } = request;
    const status = statusOf(user, request.status);
    // Sessions of before do not come back to life with the account.
    const isEnding = status === 'deactivated' && user.status !== 'deactivated';
    const sessionsValidAfter = isEnding ? this.clock.instant() : user.sessionsValidAfter;
    return { columns: { name, status, sessionsValidAfter, searchText: searchText(name, user.email) }, customerIds };
  }

  /** Load → decide → write → audit, in one transaction. What changes nothing writes nothing and is not recorded. */
  private async change(
    principal: Principal,
    { userId, right, ifMatch }: Change,
    decide: (before: UserView, giver: Principal) => Promise<Decision>,
  ): Promise<UserView> {
    return this.database.transaction(async () => {
      await this.users.lock(userId);
      const giver = await this.grants.present(principal);
      const before = await this.lockToActOn(giver, userId, right);
      assertMatches(ifMatch, before.user.version);
      const decision = await decide(before, giver);
      const after = applied(before, decision);
      if (right) await this.reach.assertWithin(giver, right, after);
      const changed = difference(snapshot(before), snapshot(after));
      if (!changed && !differs(before.user, decision.columns)) return before;
      await this.write(before.user, decision);
      await this.revisions.bump('users');
      const subject = { type: 'user', id: userId };
      await this.audit.record(principal, { event: 'user.updated', subject, before: null, after: null, ...changed });
      return this.get(userId);
    });
  }

  private async write({ userId, version }: User, { columns, roles, customerIds }: Decision): Promise<void> {
    await this.users.update(userId, { ...columns, version: version + 1, updated: this.clock.instant() });
    if (customerIds) await this.users.setCustomers(userId, customerIds);
    if (!roles) return;
    await this.users.setRoles(
      userId,
      roles.map((role) => role.roleId),
    );
  }

  /** Null for a principal that may change the user without seeing it. */
  private shown(principal: Principal, view: UserView): UserView | null {
    return this.reach.reaches(principal, UserPermissions.view, view) ? view : null;
  }

  private async assertMayDeactivate(principal: Principal, user: User, roles: readonly Role[]): Promise<void> {
    if (isSelf(principal, user)) throw new Conflict(UserErrors.selfDeactivation);
    await this.assertNotLast(user, roles);
  }

  private async assertNotLast(user: User, roles: readonly Role[]): Promise<void> {
    const admin = roles.find(isAdministrator);
    if (!admin || user.status !== 'active') return;
    if ((await this.users.countActiveWithRole(admin.roleId)) <= 1) throw new Conflict(UserErrors.lastAdministrator);
  }

  /** Who looks after users of their own customers alone makes none but such, and need not say which role these have. */
  private async resolve(
    principal: Principal,
    request: CreateUserRequest,
  ): Promise<{ roles: Role[]; customerIds: number[] }> {
    const { customer_ids: customerIds = [] } = request;
    const names = request.roles ?? (this.reach.isNarrow(principal, UserPermissions.create) ? [CUSTOMER_ROLE] : []);
    const { roles } = await this.grants.resolve(principal, { roles: names }, customerIds);
    await this.customerReach.assertReaches(principal, customerIds);
    await this.reach.assertWithin(principal, UserPermissions.create, { roles, customerIds });
    return { roles, customerIds };
  }

  /** Hashed before the transaction: it takes long, and nobody else should wait for it. */
  private async digestOf({ password, email }: CreateUserRequest): Promise<string | null> {
    if (password === undefined) return null;
    assertAcceptablePassword(password, email);
    return this.passwords.hash(password);
  }

  private async view({ user, roleIds, customerIds }: UserRecord): Promise<UserView> {
    return { user, roles: await this.directory.withIds(roleIds), customerIds };
  }
}

function found(record: UserRecord | null, userId: number): UserRecord {
  if (!record) throw new NotFound(UserErrors.notFound, { id: userId });
  return record;
}

function isSelf({ kind, id }: Principal, { userId }: User): boolean {
  return kind === 'user' && id === userId;
}

function isAdministrator(role: Role): boolean {
  return role.isBuiltIn && role.name === ADMIN_ROLE;
}
