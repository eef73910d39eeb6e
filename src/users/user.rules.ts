import type { Instant } from '../common/clock.js';
import { fold, searchText } from '../common/text.js';
import type { OwnedRow } from '../rbac/ability.service.js';
import { CUSTOMER_ROLE } from '../rbac/built-in-roles.js';
import type { Role } from '../rbac/role.entity.js';
import type { User } from './user.entity.js';
import type { UserView } from './user.view.js';
import { CreateUserRequest, UpdateUserRequest } from './users.dto.js';

/** What a change comes to: absent parts stay as they are. */
export interface Decision {
  readonly columns?: Partial<User>;
  readonly roles?: readonly Role[];
  readonly customerIds?: readonly number[];
}

export function isCustomerRole({ isBuiltIn, name }: Role): boolean {
  return isBuiltIn && name === CUSTOMER_ROLE;
}

export function isCustomerUser({ roles }: Pick<UserView, 'roles'>): boolean {
  return roles.length === 1 && roles.every(isCustomerRole);
}

/** Whose a user is, to rights over one's own: who has any other role is nobody's. The list says the same in SQL. */
export function ownerOf(view: Pick<UserView, 'roles' | 'customerIds'>): OwnedRow {
  return { customerIds: isCustomerUser(view) ? view.customerIds : [] };
}

export function permissionsOf(roles: readonly Role[]): string[] {
  return roles.flatMap((role) => role.permissions);
}

/** Nobody can be active without a password: who never accepted the invitation is invited again. */
export function statusOf(user: User, wanted: UpdateUserRequest['status']): User['status'] {
  return wanted === 'active' && user.passwordDigest === null ? 'invited' : (wanted ?? user.status);
}

export function newUser(request: CreateUserRequest, passwordDigest: string | null, now: Instant): Omit<User, 'userId'> {
  const { email, name } = request;
  return {
    email,
    emailKey: fold(email),
    name,
    status: passwordDigest === null ? 'invited' : 'active',
    searchText: searchText(name, email),
    passwordDigest,
    sessionsValidAfter: null,
    lastLoginAt: null,
    lastUsedAt: null,
    lastUsedAddress: null,
    twoFactorSince: null,
    version: 1,
    created: now,
    updated: now,
  };
}

/** The user as it will be; roles and customers in the order in which they are read. */
export function applied(before: UserView, { columns, roles, customerIds }: Decision): UserView {
  return {
    user: { ...before.user, ...columns },
    roles: roles?.toSorted((a, b) => a.roleId - b.roleId) ?? before.roles,
    customerIds: customerIds?.toSorted((a, b) => a - b) ?? before.customerIds,
  };
}

export function differs(user: User, columns: Partial<User> = {}): boolean {
  return Object.entries(columns).some(([name, value]) => user[name as keyof User] !== value);
}

/** What the audit trail keeps of a user; never its password's digest. */
export function snapshot({ user, roles, customerIds }: UserView): Record<string, unknown> {
  const { email, name, status } = user;
  return { email, name, status, roles: roles.map((role) => role.name), customer_ids: [...customerIds] };
}
