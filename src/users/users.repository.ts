import { Injectable } from '@nestjs/common';
import { In, IsNull, type SelectQueryBuilder } from 'typeorm';
import type { Instant } from '../common/clock.js';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { Pager } from '../platform/paging/pager.js';
import { whereWords } from '../platform/paging/where-words.js';
import type { Slice } from '../rbac/known-principals.js';
import type { RowScope } from '../rbac/row-scope.js';
import { User, UserCustomer, UserRole } from './user.entity.js';
import { ListUsersQuery } from './users.dto.js';

/** A user with the ids of its roles and customers. */
export interface UserRecord {
  readonly user: User;
  readonly roleIds: readonly number[];
  readonly customerIds: readonly number[];
}

/** What a reader may see of a list: the users, and of which of them the e-mail. */
export interface UserScope {
  readonly rows: RowScope;
  readonly emails: RowScope;
  /** The only role that users of customers have. */
  readonly customerRoleId: number;
}

export type NewUser = Omit<User, 'userId'>;

@Injectable()
export class UsersRepository {
  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
  ) {}

  async find(userId: number): Promise<UserRecord | null> {
    const user = await this.database.repository(User).findOneBy({ userId });
    return user ? this.complete(user) : null;
  }

  async findByEmailKey(emailKey: string): Promise<UserRecord | null> {
    const user = await this.findUserByEmailKey(emailKey);
    return user ? this.complete(user) : null;
  }

  findUserByEmailKey(emailKey: string): Promise<User | null> {
    return this.database.repository(User).findOneBy({ emailKey });
  }

  /** Locked until the transaction ends: two edits of one user follow each other. */
  async findForUpdate(userId: number): Promise<UserRecord | null> {
    const lock = this.database.writeLock;
    const user = await this.database.repository(User).findOne({ where: { userId }, ...(lock ? { lock } : {}) });
    return user ? this.complete(user) : null;
  }

  /** For a transaction that reads something else first: of what it reads before the lock it would see no later change. */
  async lock(userId: number): Promise<void> {
    const lock = this.database.writeLock;
    if (lock) await this.database.repository(User).findOne({ where: { userId }, lock });
  }

  /** Keeps the user as it is until the transaction ends; the rest of it is written only under a lock of this row. */
  async share(userId: number): Promise<void> {
    const lock = this.database.shareLock;
    if (lock) await this.database.repository(User).findOne({ where: { userId }, lock });
  }

  exists(): Promise<boolean> {
    return this.database.repository(User).exists();
  }

  /** Locks every active holder of the role, so that two removals at once cannot both see the other as the one who stays. */
  async countActiveWithRole(roleId: number): Promise<number> {
    const users = this.database
      .repository(User)
      .createQueryBuilder('row')
      .innerJoin(UserRole, 'role', 'role.user_id = row.user_id AND role.role_id = :roleId', { roleId })
      .where('row.status = :active', { active: 'active' });
    if (this.database.writeLock) users.setLock(this.database.writeLock.mode);
    return (await users.select('row.userId').getMany()).length;
  }

  countWithRole(roleId: number): Promise<number> {
    return this.database.repository(UserRole).countBy({ roleId });
  }

  async idsWithRole(roleId: number): Promise<number[]> {
    const rows = await this.database.repository(UserRole).find({ where: { roleId }, order: { userId: 'ASC' } });
    return rows.map((row) => row.userId);
  }

  /** The customers of everybody who has the role, each once. */
  async customerIdsWithRole(roleId: number): Promise<number[]> {
    const rows = await this.database
      .repository(UserCustomer)
      .createQueryBuilder('row')
      .select('row.customerId', 'id')
      .distinct()
      .innerJoin(UserRole, 'role', 'role.user_id = row.user_id AND role.role_id = :roleId', { roleId })
      .getRawMany<{ id: number }>();
    return rows.map(({ id }) => Number(id));
  }

  /** Active ones by id, if asked only those who have one of the roles. */
  async slice({ after, limit, roleIds }: Slice): Promise<UserRecord[]> {
    if (roleIds?.length === 0) return [];
    const rows = this.database.repository(User).createQueryBuilder('row');
    rows.where('row.status = :active AND row.userId > :after', { active: 'active', after });
    if (roleIds) {
      const having = rows.subQuery().select('role.userId').from(UserRole, 'role').where('role.roleId IN (:...roleIds)');
      rows.andWhere(`row.userId IN ${having.getQuery()}`, { roleIds });
    }
    const users = await rows.orderBy('row.userId').limit(limit).getMany();
    return users.length > 0 ? this.completeAll(users) : [];
  }

  async insert(user: NewUser, roleIds: readonly number[], customerIds: readonly number[]): Promise<UserRecord> {
    const users = this.database.repository(User);
    const row = users.create(user);
    await users.insert(row);
    await this.setRoles(row.userId, roleIds);
    await this.setCustomers(row.userId, customerIds);
    return { user: row, roleIds, customerIds };
  }

  async update(userId: number, changes: Partial<User>): Promise<void> {
    await this.database.repository(User).update({ userId }, changes);
  }

  /** True while the account is open and its password is still the one that was verified. */
  async noteLogin(userId: number, passwordDigest: string | null, lastLoginAt: Instant): Promise<boolean> {
    const verified = { userId, passwordDigest: passwordDigest ?? IsNull(), status: 'active' as const };
    const { affected } = await this.database.repository(User).update(verified, { lastLoginAt });
    return affected === 1;
  }

  /** True when the digest was still the one that was verified: of two changes at once, the second one proves nothing. */
  async replaceDigest(userId: number, verified: string | null, changes: Partial<User>): Promise<boolean> {
    const row = { userId, passwordDigest: verified ?? IsNull() };
    const { affected } = await this.database.repository(User).update(row, changes);
    return affected === 1;
  }

  /** With everything that hangs on the account: roles, customers, sessions, mailed tokens. */
  async remove(userId: number): Promise<void> {
    await this.database.repository(User).delete({ userId });
  }

  async setRoles(userId: number, roleIds: readonly number[]): Promise<void> {
    const rows = this.database.repository(UserRole);
    await rows.delete({ userId });
    if (roleIds.length > 0) await rows.insert(roleIds.map((roleId) => ({ userId, roleId })));
  }

  async setCustomers(userId: number, customerIds: readonly number[]): Promise<void> {
    const rows = this.database.repository(UserCustomer);
    await rows.delete({ userId });
    if (customerIds.length > 0) await rows.insert(customerIds.map((customerId) => ({ userId, customerId })));
  }

  async list(scope: UserScope, query: ListUsersQuery): Promise<Page<UserRecord>> {
    const rows = this.database.repository(User).createQueryBuilder('row');
    rows.setParameter('customerRoleId', scope.customerRoleId);
    if (scope.rows.kind !== 'all') rows.where(within(rows, 'rows', scope.rows));
    whereWords(rows, query.search, { id: 'userId', text: searched(rows, scope.emails) });
    if (query.status !== undefined) rows.andWhere('row.status = :status', { status: query.status });
    const page = await this.pager.page(rows, {
      query,
      sort: query.sort ?? 'user_id',
      columns: {
        user_id: { property: 'userId' },
        email: { property: 'emailKey', isUnique: true },
        created: { property: 'created' },
        last_login_at: { property: 'lastLoginAt', isNullable: true },
      },
      id: 'userId',
    });
    return { ...page, rows: await this.completeAll(page.rows) };
  }

  private async complete(user: User): Promise<UserRecord> {
    const [record] = await this.completeAll([user]);
    return record ?? { user, roleIds: [], customerIds: [] };
  }

  private async completeAll(users: readonly User[]): Promise<UserRecord[]> {
    const userId = In(users.map((user) => user.userId));
    const roles = await this.database.repository(UserRole).find({ where: { userId }, order: { roleId: 'ASC' } });
    const customers = await this.database
      .repository(UserCustomer)
      .find({ where: { userId }, order: { customerId: 'ASC' } });
    return users.map((user) => ({
      user,
      roleIds: roles.filter((row) => row.userId === user.userId).map((row) => row.roleId),
      customerIds: customers.filter((row) => row.userId === user.userId).map((row) => row.customerId),
    }));
  }
}

type NarrowScope = Extract<RowScope, { readonly kind: 'customers' }>;

/** The users that a scope reaches, as `ownerOf` decides it for one: of these customers, of no other, in the one role. */
function within(rows: SelectQueryBuilder<User>, name: string, { customerIds }: NarrowScope): string {
  if (customerIds.length === 0) return '1 = 0';
  rows.setParameter(name, customerIds);
  const ties = rows.subQuery().select('1').from(UserCustomer, 'tie').where('tie.userId = row.userId');
  const held = rows.subQuery().select('1').from(UserRole, 'held').where('held.userId = row.userId');
  const conditions = [
    `EXISTS ${ties.getQuery()}`,
    `NOT EXISTS ${ties.andWhere(`tie.customerId NOT IN (:...${name})`).getQuery()}`,
    `EXISTS ${held.getQuery()}`,
    `NOT EXISTS ${held.andWhere('held.roleId <> :customerRoleId').getQuery()}`,
  ];
  return `(${conditions.join(' AND ')})`;
}

/** Whatever folds to `@`: only what holds one can be taken for an e-mail. */
const AT_SIGNS = ['@', '\uFF20', '\uFE6B'];

/**
 * The words that a search may find: where the e-mail is hidden those before it, for the name's words come first. Of a name
 * that holds an `@` none: its end would be found or not by whether the address in it is the user's.
 */
function searched(rows: SelectQueryBuilder<User>, emails: RowScope): string {
  if (emails.kind === 'all') return 'row.searchText';
  const email = "CONCAT(' ', SUBSTR(row.emailKey, 1, 64), ' ')";
  const name = `SUBSTR(row.searchText, 1, INSTR(CONCAT(row.searchText, ' '), ${email}))`;
  const isUnlike = AT_SIGNS.map((sign) => `INSTR(row.name, '${sign}') = 0`).join(' AND ');
  const isShown = within(rows, 'emails', emails);
  return `CASE WHEN ${isShown} THEN row.searchText WHEN ${isUnlike} THEN ${name} ELSE '' END`;
}
