import { Injectable } from '@nestjs/common';
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

  findByNameKey(nameKey: string): Promise<Role | null> {
    return this.database.repository(Role).findOneBy({ nameKey });
  }

  async insert(role: Omit<Role, 'roleId'>): Promise<void> {
    await this.database.repository(Role).createQueryBuilder().insert().values(role).orIgnore().execute();
  }

  list(query: ListRolesQuery): Promise<Page<Role>> {
    const rows = this.database.repository(Role).createQueryBuilder('row');
    whereWords(rows, query.search, 'roleId');
    return this.pager.page(rows, {
      query,
      sort: query.sort ?? 'role_id',
      columns: { role_id: { property: 'roleId' }, name: { property: 'nameKey' } },
      id: 'roleId',
    });
  }
}
