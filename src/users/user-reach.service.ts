import { Injectable } from '@nestjs/common';
import { Forbidden, NotFound } from '../common/errors.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AuditService } from '../audit/audit.service.js';
import { AbilityService } from '../rbac/ability.service.js';
import { CUSTOMER_ROLE } from '../rbac/built-in-roles.js';
import { CustomerReach } from '../rbac/customer-reach.js';
import { FieldMasks, fieldsForbidden } from '../rbac/field-masks.js';
import { GrantsService } from '../rbac/grants.service.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import { reaches, RowScopes } from '../rbac/row-scope.js';
import { isCustomerRole, isCustomerUser, ownerOf, permissionsOf } from './user.rules.js';
import type { UserView } from './user.view.js';
import { UpdateUserRequest, UserResponse } from './users.dto.js';
import { UserErrors } from './users.errors.js';
import { UserPermissions } from './users.permissions.js';
import type { UserScope } from './users.repository.js';

type Belonging = Pick<UserView, 'roles' | 'customerIds'>;

/** Whom somebody reaches among the users, what they see of them, and what they may make of them. */
@Injectable()
export class UserReach {
  constructor(
    private readonly abilities: AbilityService,
    private readonly scopes: RowScopes,
    private readonly masks: FieldMasks,
    private readonly grants: GrantsService,
    private readonly customerReach: CustomerReach,
    private readonly directory: RoleDirectory,
    private readonly audit: AuditService,
  ) {}

  /** What a list shows this reader, and in which rows the e-mail may be found. */
  async scopeOf(reader: Principal): Promise<UserScope> {
    const customerRole = (await this.directory.all()).find(isCustomerRole);
    return {
      rows: this.scopes.for(reader, UserPermissions.view),
      emails: this.scopes.for(reader, UserPermissions.view, 'email'),
      customerRoleId: customerRole?.roleId ?? 0,
    };
  }

  presenter(reader: Principal): (view: UserView) => UserResponse {
    return this.masks.presenter(reader, UserPermissions.view, UserResponse.from, ownerOf);
  }

  reaches(principal: Principal, permission: PermissionDefinition, view: Belonging): boolean {
    return reaches(this.scopes.for(principal, permission), ownerOf(view));
  }

  /** Whether the right is one over users of one's own customers alone. */
  isNarrow(principal: Principal, permission: PermissionDefinition): boolean {
    return this.scopes.for(principal, permission).kind !== 'all';
  }

  mayReadEmail(reader: Principal, view: UserView): boolean {
    return this.abilities.may(reader, UserPermissions.view, ownerOf(view), 'email');
  }

  mayWriteEmail(writer: Principal, view: UserView): boolean {
    return this.abilities.may(writer, UserPermissions.update, ownerOf(view), 'email');
  }

  /** Outside the condition of the route's own permission there is no such user. */
  assertReaches(principal: Principal, permission: PermissionDefinition, view: UserView): void {
    const { userId } = view.user;
    if (!this.reaches(principal, permission, view)) throw new NotFound(UserErrors.notFound, { id: userId });
  }

  /** The order of a list tells what it is sorted by: 403 unless the reader may read it of everybody who is shown. */
  assertSortable(reader: Principal, sort: string | undefined): void {
    const field = sort?.replace(/^-/, '');
    if (field !== 'email' || this.masks.showsEverywhere(reader, UserPermissions.view, field)) return;
    throw new Forbidden(
      UserErrors.fieldsHidden,
      { fields: field },
      {
        missingPermissions: [UserPermissions.view.identifier],
        errors: [{ pointer: '/sort', detail: `you may not read the ${field} of everybody here` }],
      },
    );
  }

  assertWrites(principal: Principal, view: UserView, request: UpdateUserRequest): void {
    const barred = this.masks.barred(principal, UserPermissions.update, ownerOf(view), request);
    if (barred.length > 0) throw fieldsForbidden(UserErrors.fieldsForbidden, UserPermissions.update, barred);
  }

  /** Whoever reaches some users alone makes nobody whom they would not reach. */
  async assertWithin(principal: Principal, permission: PermissionDefinition, view: Belonging): Promise<void> {
    if (this.reaches(principal, permission, view)) return;
    const pointer = isCustomerUser(view) ? '/customer_ids' : '/roles';
    const after = { beyond_own_customers: pointer };
    await this.audit.recordSecurity({ event: 'authz_fail', subject: null, after }, principal);
    throw new Forbidden(
      UserErrors.beyondYourCustomers,
      { role: CUSTOMER_ROLE },
      {
        missingPermissions: [permission.identifier],
        errors: [{ pointer, detail: 'would lead beyond your own customers' }],
      },
    );
  }

  /** Acting on a user needs every right and every customer that the target has (spec: permissions, rules). */
  async assertActsOn(principal: Principal, target: UserView): Promise<void> {
    const { roles, customerIds, user } = target;
    const subject = { type: 'user', id: user.userId };
    const above = this.grants.lacking(principal, permissionsOf(roles), customerIds);
    if (above.length > 0) {
      await this.audit.recordSecurity({ event: 'authz_fail', subject, after: { target_rights: above } }, principal);
      throw new Forbidden(UserErrors.targetAboveYou, { permissions: above.join(', ') }, { missingPermissions: above });
    }
    const foreign = customerIds.filter((customerId) => !this.customerReach.reaches(principal, customerId));
    if (foreign.length > 0) {
      const after = { foreign_customers: foreign };
      await this.audit.recordSecurity({ event: 'authz_fail', subject, after }, principal);
      throw new Forbidden(UserErrors.foreignCustomers);
    }
  }
}
