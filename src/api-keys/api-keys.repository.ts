import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThanOrEqual, MoreThan, type SelectQueryBuilder } from 'typeorm';
import { DAY, type Instant, toInstant, toMillis } from '../common/clock.js';
import type { Page } from '../common/page.js';
import { Database } from '../platform/database/database.js';
import { Pager, type SortColumn } from '../platform/paging/pager.js';
import { whereWords } from '../platform/paging/where-words.js';
import type { Slice } from '../rbac/known-principals.js';
import { ApiKey, ApiKeyCustomer, ApiKeyRole } from './api-key.entity.js';
import { NOTICE_DAYS } from './api-key.status.js';
import { ListApiKeysQuery } from './api-keys.dto.js';

/** A key with the ids of its roles and customers. */
export interface ApiKeyRecord {
  readonly key: ApiKey;
  readonly roleIds: readonly number[];
  readonly customerIds: readonly number[];
}

/** Which keys a list is about: the organisation's, everybody's personal ones, or one user's. */
export interface KeyScope {
  readonly kind: ApiKey['kind'];
  readonly createdByUserId?: number;
}

/** The two moments that statuses are judged by. */
export interface Moments {
  readonly now: Instant;
  readonly soon: Instant;
}

/** `total` = active + expired, as the page counts them; `expiring_soon` is part of active. */
export interface ApiKeyStats {
  readonly total: number;
  readonly active: number;
  readonly expiring_soon: number;
  readonly expired: number;
  readonly revoked: number;
  readonly never_expiring: number;
  readonly never_used: number;
}

const SORTS: Record<string, SortColumn> = {
  api_key_id: { property: 'apiKeyId' },
  personal_token_id: { property: 'apiKeyId' },
  name: { property: 'nameKey' },
  created: { property: 'created' },
  expiry_date: { property: 'expiryDate', isNullable: true },
  created_by: { property: 'createdBy', isNullable: true },
  last_used_at: { property: 'lastUsedAt', isNullable: true },
};

@Injectable()
export class ApiKeysRepository {
  constructor(
    private readonly database: Database,
    private readonly pager: Pager,
  ) {}

  async find(apiKeyId: number): Promise<ApiKeyRecord | null> {
    return this.complete(await this.database.repository(ApiKey).findOneBy({ apiKeyId }));
  }

  async findForUpdate(apiKeyId: number): Promise<ApiKeyRecord | null> {
    const lock = this.database.writeLock;
    return this.complete(
      await this.database.repository(ApiKey).findOne({ where: { apiKeyId }, ...(lock ? { lock } : {}) }),
    );
  }

  /** One value has one digest under each pepper version that is alive. */
  async findByDigests(digests: readonly string[]): Promise<ApiKeyRecord | null> {
    return this.complete(await this.database.repository(ApiKey).findOneBy({ digest: In([...digests]) }));
  }

  /** Whose these are, without anything else of the keys. */
  async listByDigests(digests: readonly string[]): Promise<{ digest: string; apiKeyId: number }[]> {
    if (digests.length === 0) return [];
    const rows = await this.database.repository(ApiKey).findBy({ digest: In([...digests]) });
    return rows.map(({ digest, apiKeyId }) => ({ digest: digest ?? '', apiKeyId }));
  }

  liveFromConfig(): Promise<ApiKey[]> {
    return this.database.repository(ApiKey).findBy({ source: 'config', revokedAt: IsNull() });
  }

  /** The same value under another version of the pepper; nothing when its digest changed meanwhile. */
  async moveDigest(from: string, to: Pick<ApiKey, 'digest' | 'pepperVersion'>): Promise<void> {
    await this.database.repository(ApiKey).update({ digest: from }, to);
  }

  /** Keys whose announced status the dates have left behind, or whose next notice is due. */
  async dueForNotice({ now, soon }: Moments): Promise<number[]> {
    const notices = NOTICE_DAYS.map((days) => {
      return `(row.expiryDate <= :in${days} AND (row.noticedDays IS NULL OR row.noticedDays > ${days}))`;
    });
    const limits = NOTICE_DAYS.map((days) => [`in${days}`, toInstant(toMillis(now) + days * DAY)] as const);
    const rows = await this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .select('row.apiKeyId')
      .where('row.revokedAt IS NULL AND row.expiryDate IS NOT NULL')
      .andWhere(
        `((row.expiryDate <= :now AND row.flaggedStatus <> 'expired')
          OR (row.expiryDate > :now AND row.expiryDate <= :soon AND row.flaggedStatus <> 'expiring_soon')
          OR (row.expiryDate > :now AND (${notices.join(' OR ')})))`,
        { now, soon, ...Object.fromEntries<Instant>(limits) },
      )
      .orderBy('row.apiKeyId')
      .getMany();
    return rows.map((row) => row.apiKeyId);
  }

  async idsWithRole(roleId: number): Promise<number[]> {
    const rows = await this.liveWithRole(roleId).orderBy('row.apiKeyId').getMany();
    return rows.map((row) => row.apiKeyId);
  }

  /** Those that are not revoked, by id. Rights may be granted directly, so no role narrows them. */
  async slice(kind: ApiKey['kind'], { after, limit }: Slice): Promise<ApiKeyRecord[]> {
    const where = { kind, revokedAt: IsNull(), apiKeyId: MoreThan(after) };
    const keys = await this.database.repository(ApiKey).find({ where, order: { apiKeyId: 'ASC' }, take: limit });
    return this.completeAll(keys);
  }

  countWithRole(roleId: number): Promise<number> {
    return this.liveWithRole(roleId).getCount();
  }

  /** The customers of all keys that have the role, each once. */
  async customerIdsWithRole(roleId: number): Promise<number[]> {
    const rows = await this.liveWithRole(roleId)
      .innerJoin(ApiKeyCustomer, 'customer', 'customer.api_key_id = row.api_key_id')
      .select('customer.customerId', 'id')
      .distinct()
      .getRawMany<{ id: number }>();
    return rows.map(({ id }) => Number(id));
  }

  /** A revoked key is dead for ever: what it could once do stands in the audit log. */
  async releaseRole(roleId: number): Promise<void> {
    await this.database.repository(ApiKeyRole).delete({ roleId });
  }

  async insert(
    values: Omit<ApiKey, 'apiKeyId'>,
    roleIds: readonly number[],
    customerIds: readonly number[],
  ): Promise<ApiKeyRecord> {
    const keys = this.database.repository(ApiKey);
    const key = keys.create(values);
    await keys.insert(key);
    await this.setRoles(key.apiKeyId, roleIds);
    await this.setCustomers(key.apiKeyId, customerIds);
    return { key, roleIds, customerIds };
  }

  async update(apiKeyId: number, changes: Partial<ApiKey>): Promise<void> {
    await this.database.repository(ApiKey).update({ apiKeyId }, changes);
  }

  async setRoles(apiKeyId: number, roleIds: readonly number[]): Promise<void> {
    const rows = this.database.repository(ApiKeyRole);
    await rows.delete({ apiKeyId });
    if (roleIds.length > 0) await rows.insert(roleIds.map((roleId) => ({ apiKeyId, roleId })));
  }

  async setCustomers(apiKeyId: number, customerIds: readonly number[]): Promise<void> {
    const rows = this.database.repository(ApiKeyCustomer);
    await rows.delete({ apiKeyId });
    if (customerIds.length > 0) await rows.insert(customerIds.map((customerId) => ({ apiKeyId, customerId })));
  }

  async list(scope: KeyScope, query: ListApiKeysQuery, moments: Moments): Promise<Page<ApiKeyRecord>> {
    const rows = this.database.repository(ApiKey).createQueryBuilder('row').where(scope);
    whereWords(rows, query.search, { id: 'apiKeyId' });
    if (query.source !== undefined) rows.andWhere({ source: query.source });
    if (query.parent_api_key_id !== undefined) rows.andWhere({ createdByKeyId: query.parent_api_key_id });
    filterStatus(rows, query.status, moments);
    const page = await this.pager.page(rows, {
      query,
      sort: query.sort ?? 'api_key_id',
      columns: SORTS,
      id: 'apiKeyId',
    });
    return { ...page, rows: await this.completeAll(page.rows) };
  }

  /** All counts of the organisation's keys in one pass over the table (K3). */
  async stats({ now, soon }: Moments): Promise<ApiKeyStats> {
    const count = (condition: string): string => `SUM(CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
    const isLive = 'row.revokedAt IS NULL AND (row.expiryDate IS NULL OR row.expiryDate > :now)';
    const found = await this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .select(count('row.revokedAt IS NULL'), 'total')
      .addSelect(count(isLive), 'active')
      .addSelect(count('row.revokedAt IS NULL AND row.expiryDate > :now AND row.expiryDate <= :soon'), 'expiring_soon')
      .addSelect(count('row.revokedAt IS NULL AND row.expiryDate <= :now'), 'expired')
      .addSelect(count('row.revokedAt IS NOT NULL'), 'revoked')
      .addSelect(count('row.revokedAt IS NULL AND row.expiryDate IS NULL'), 'never_expiring')
      .addSelect(count('row.revokedAt IS NULL AND row.lastUsedAt IS NULL'), 'never_used')
      .where("row.kind = 'organization'")
      .setParameters({ now, soon })
      .getRawOne<Record<keyof ApiKeyStats, string | number | null>>();
    const entries = Object.entries(found ?? {}).map(([name, value]) => [name, Number(value ?? 0)]);
    return Object.fromEntries(entries) as ApiKeyStats;
  }

  private liveWithRole(roleId: number): SelectQueryBuilder<ApiKey> {
    return this.database
      .repository(ApiKey)
      .createQueryBuilder('row')
      .innerJoin(ApiKeyRole, 'role', 'role.api_key_id = row.api_key_id AND role.role_id = :roleId', { roleId })
      .where('row.revokedAt IS NULL');
  }

  private async complete(key: ApiKey | null): Promise<ApiKeyRecord | null> {
    if (!key) return null;
    const [record] = await this.completeAll([key]);
    return record ?? null;
  }

  private async completeAll(keys: readonly ApiKey[]): Promise<ApiKeyRecord[]> {
    if (keys.length === 0) return [];
    const apiKeyId = In(keys.map((key) => key.apiKeyId));
    const roles = await this.database.repository(ApiKeyRole).find({ where: { apiKeyId }, order: { roleId: 'ASC' } });
    const customers = await this.database
      .repository(ApiKeyCustomer)
      .find({ where: { apiKeyId }, order: { customerId: 'ASC' } });
    return keys.map((key) => ({
      key,
      roleIds: roles.filter((row) => row.apiKeyId === key.apiKeyId).map((row) => row.roleId),
      customerIds: customers.filter((row) => row.apiKeyId === key.apiKeyId).map((row) => row.customerId),
    }));
  }
}

/** `active` includes what expires soon; without a status everything but revoked keys is shown, with `all` those too. */
function filterStatus(rows: SelectQueryBuilder<ApiKey>, status: ListApiKeysQuery['status'], moments: Moments): void {
  const { now, soon } = moments;
  if (status === 'all') return;
  if (status === 'revoked') {
    rows.andWhere('row.revokedAt IS NOT NULL');
    return;
  }
  rows.andWhere('row.revokedAt IS NULL');
  if (status === 'active') rows.andWhere([{ expiryDate: IsNull() }, { expiryDate: MoreThan(now) }]);
  if (status === 'expired') rows.andWhere({ expiryDate: LessThanOrEqual(now) });
  if (status === 'expiring_soon') {
    rows.andWhere('row.expiryDate > :now AND row.expiryDate <= :soon', { now, soon });
  }
}
