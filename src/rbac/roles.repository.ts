import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { Pager } from '../platform/paging/pager.js';
import { whereWords } from '../platform/paging/where-words.js';
import { Role } from './role.entity.js';
import { ListRolesQuery } from './roles.dto.js';

@Injectable()
export class RolesRepository {
  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
  ) {}

  all(): Promise<Role[]> {
    return this.database.repository(Role).find({ order: { roleId: 'ASC' } });
  }

  find(roleId: number): Promise<Role | null> {
    return this.database.repository(Role).findOneBy({ roleId });
  }

  /** Locked until the transaction ends: two edits of one role follow each other. */
  findForUpdate(roleId: number): Promise<Role | null> {
    const lock = this.database.writeLock;
    return this.database.repository(Role).findOne({ where: { roleId }, ...(lock ? { lock } : {}) });
  }

  /** As they are now, and so until the transaction ends. */
  async share(roleIds: readonly number[]): Promise<Role[]> {
    if (roleIds.length === 0) return [];
    const lock = this.database.shareLock;
    return this.database.repository(Role).find({ where: { roleId: In([...roleIds]) }, ...(lock ? { lock } : {}) });
  }

  findByNameKey(nameKey: string): Promise<Role | null> {
    return this.database.repository(Role).findOneBy({ nameKey });
  }

  async insert(values: Omit<Role, 'roleId'>): Promise<Role> {
    const roles = this.database.repository(Role);
    const role = roles.create(values);
    await roles.insert(role);
    return role;
  }

  async update({ roleId, ...values }: Role): Promise<void> {
    await this.database.repository(Role).update({ roleId }, values);
  }

  async remove(roleId: number): Promise<void> {
    await this.database.repository(Role).delete({ roleId });
  }

  /** For what every node makes at its first start: one that is there already stays as it is. */
  async insertUnlessThere(role: Omit<Role, 'roleId'>): Promise<void> {
    await this.database.repository(Role).createQueryBuilder().insert().values(role).orIgnore().execute();
  }

  list(query: ListRolesQuery): Promise<Page<Role>> {
    const rows = this.database.repository(Role).createQueryBuilder('row');
    whereWords(rows, query.search, { id: 'roleId' });
    return this.pager.page(rows, {
      query,
      sort: query.sort ?? 'role_id',
      columns: { role_id: { property: 'roleId' }, name: { property: 'nameKey', isUnique: true } },
      id: 'roleId',
    });
  }
}
