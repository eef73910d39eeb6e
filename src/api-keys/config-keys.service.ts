import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { systemPrincipal } from '../common/principal.js';
import { fold, foldedKey, searchText } from '../common/text.js';
import { AuditService, difference, type Snapshot } from '../audit/audit.service.js';
import type { ConfigProblem } from '../platform/config/config-problem.js';
import type { ConfiguredApiKey, CrmConfig } from '../platform/config/crm-config.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { Outbox } from '../platform/outbox/outbox.service.js';
import { maskOf } from '../platform/secrets/key-format.js';
import type { Digest } from '../platform/secrets/pepper.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { ApiKey } from './api-key.entity.js';
import { ChildrenRepository } from './children/children.repository.js';
import { namedChildren } from './children/children.view.js';
import { ApiKeysRepository } from './api-keys.repository.js';

interface MirroredKey {
  readonly path: string;
  readonly digests: readonly Digest[];
  readonly mask: string;
  readonly description: string | null;
  readonly permissions: string[];
  readonly roleIds: number[];
}

const ACTOR = systemPrincipal('configuration file');

/**
 * The keys of `crm_config.yaml` (K10). In memory there are only their digests; each has a row that mirrors it, so that one
 * list, one audit trail and one "last used" serve both kinds. A key that left the file is revoked.
 */
@Injectable()
export class ConfigKeysService {
  private digests: ReadonlySet<string> = new Set();

  constructor(
    private readonly config: LiveConfig,
    private readonly database: Database,
    private readonly keys: ApiKeysRepository,
    private readonly children: ChildrenRepository,
    private readonly catalogue: PermissionCatalogue,
    private readonly directory: RoleDirectory,
    private readonly revisions: Revisions,
    private readonly secrets: Secrets,
    private readonly audit: AuditService,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
  ) {
    config.registerCheck((candidate) => this.unknownRoles(candidate));
    config.onChange((changed) => this.apply(changed));
  }

  get isEmpty(): boolean {
    return this.digests.size === 0;
  }

  has(digests: readonly string[]): boolean {
    return digests.some((digest) => this.digests.has(digest));
  }

  /** Takes over the configuration in force; called once it has been verified, before the server listens. */
  async start(): Promise<void> {
    await this.apply(this.config.current);
    // The texts of the keys are forgotten here, so the file is read again for digests under the new pepper.
    this.secrets.onPepperChange(() => (this.isEmpty ? undefined : this.config.reload()));
  }

  private async apply(config: CrmConfig): Promise<void> {
    const mirrored = await Promise.all(config.apiKeys.map((entry) => this.read(entry)));
    await this.database.transaction(() => this.mirror(mirrored));
    this.digests = new Set(mirrored.flatMap(({ digests }) => digests.map(({ digest }) => digest)));
  }

  /** The text of the key is taken out of the configuration here and forgotten. */
  private async read({ path, key, roles, description }: ConfiguredApiKey): Promise<MirroredKey> {
    const text = key.take();
    const known = await this.directory.all();
    const found = roles.map((name) => known.find((role) => role.nameKey === fold(name)));
    return {
      path,
      digests: this.secrets.digests(text),
      mask: maskOf(text),
      description,
      permissions: roles.filter((_, index) => !found[index]),
      roleIds: [...new Set(found.flatMap((role) => (role ? [role.roleId] : [])))],
    };
  }

  private async mirror(mirrored: readonly MirroredKey[]): Promise<void> {
    await this.revisions.claim('api_keys');
    const before = await this.keys.liveFromConfig();
    const isSame = (row: ApiKey, key: MirroredKey): boolean => key.digests.some(({ digest }) => digest === row.digest);
    const gone = before.filter((row) => !mirrored.some((key) => isSame(row, key)));
    for (const row of gone) await this.retire(row);
    for (const key of mirrored) {
      const row = before.find((candidate) => isSame(candidate, key));
      if (row) await this.refresh(row, key);
      else await this.add(key);
    }
    await this.revisions.bump('api_keys');
  }

  private async add(key: MirroredKey): Promise<void> {
    const other = await this.keys.findByDigests(key.digests.map(({ digest }) => digest));
    if (other) {
      const { apiKeyId } = other.key;
      throw new Error(`${key.path}: this is API key ${apiKeyId} of the database already: take it out of the file`);
    }
    const now = this.clock.instant();
    const [digest] = key.digests;
    if (!digest) return;
    const values = { ...shown(key), ...digest, mask: key.mask, permissions: key.permissions };
    const fixed = { kind: 'organization', source: 'config', flaggedStatus: 'active', version: 1 } as const;
    const unset = {
      expiryDate: null,
      noticedDays: null,
      revokedAt: null,
      createdByUserId: null,
      createdByKeyId: null,
      createdBy: null,
      isProtected: false,
      isBoundToCreator: false,
      allowedAddresses: null,
      rateLimit: null,
      lastUsedAt: null,
      lastUsedAddress: null,
    };
    const row = { ...values, ...fixed, ...unset, created: now, updated: now };
    const { key: added } = await this.keys.insert(row, key.roleIds, []);
    const after = snapshot(added, key);
    await this.tell(added, 'api_key.created', { after });
  }

  /** The file may say something else of a key than it did: that is a change like any other. */
  private async refresh(row: ApiKey, key: MirroredKey): Promise<void> {
    const [current] = key.digests;
    if (current && row.digest !== current.digest) await this.keys.moveDigest(row.digest ?? '', current);
    const record = await this.keys.find(row.apiKeyId);
    const after = snapshot(shown(key), key);
    const before = snapshot(row, { ...row, roleIds: [...(record?.roleIds ?? [])] });
    const change = difference(before, after);
    if (!change) return;
    await this.keys.setRoles(row.apiKeyId, key.roleIds);
    const columns = { ...shown(key), permissions: key.permissions, updated: this.clock.instant() };
    await this.keys.update(row.apiKeyId, { ...columns, version: row.version + 1 });
    await this.tell(row, 'api_key.updated', change);
  }

  private async retire(row: ApiKey): Promise<void> {
    const now = this.clock.instant();
    const children = await this.children.liveIdsOf(row.apiKeyId, now);
    await this.keys.update(row.apiKeyId, { digest: null, revokedAt: now, flaggedStatus: 'revoked', updated: now });
    await this.tell(row, 'api_key.revoked', { before: { name: row.name }, after: namedChildren(children) });
  }

  private async tell(
    { apiKeyId, name }: ApiKey,
    event: string,
    change: { readonly before?: Snapshot; readonly after?: Snapshot | null },
  ): Promise<void> {
    const subject = { type: 'api_key', id: apiKeyId };
    await this.audit.record(ACTOR, { event, subject, ...change });
    await this.outbox.publish({
      type: event,
      subject,
      data: { name, source: 'config', changes: change.after ?? null },
    });
  }

  private async unknownRoles(candidate: CrmConfig): Promise<ConfigProblem[]> {
    const roles = new Set((await this.directory.all()).map((role) => role.nameKey));
    return candidate.apiKeys.flatMap(({ path, line, roles: names }) =>
      names
        .filter((name) => !roles.has(fold(name)) && !this.catalogue.has(name))
        .map((name) => ({ path: `${path}.roles`, line, message: `there is no role or permission called ${name}` })),
    );
  }
}

function shown({ description, mask }: MirroredKey): Pick<ApiKey, 'name' | 'nameKey' | 'description' | 'searchText'> {
  const name = (description ?? `Key ${mask} of the configuration file`).slice(0, 100);
  return { name, nameKey: foldedKey(name, 100), description, searchText: searchText(name, description, mask) };
}

type Granting = Pick<MirroredKey, 'mask' | 'permissions' | 'roleIds'>;

function snapshot({ name, description }: Pick<ApiKey, 'name' | 'description'>, key: Granting): Snapshot {
  return {
    name,
    description,
    mask: key.mask,
    permissions: key.permissions,
    role_ids: [...key.roleIds].sort(asNumbers),
  };
}

function asNumbers(a: number, b: number): number {
  return a - b;
}
