import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { formatAddress, type IpAddress, parseAddress } from '../common/ip-range.js';
import type { Principal } from '../common/principal.js';
import { fold, logLine } from '../common/text.js';
import type { ConfigProblem } from '../platform/config/config-problem.js';
import type { CrmConfig, TrustedAddress } from '../platform/config/crm-config.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { Revisions } from '../platform/database/revisions.js';
import { ConfiguredRoles } from '../rbac/configured-roles.js';
import type { Assignment } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { RoleDirectory } from '../rbac/role-directory.js';
import type { Role } from '../rbac/role.entity.js';
import { TrustedAddressesRepository } from './trusted-addresses.repository.js';

/** An entry as it is shown: what it grants, and when it was last of use. */
export interface TrustedAddressView {
  readonly entry: TrustedAddress;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly lastUsedAt: Instant | null;
  readonly lastUsedAddress: string | null;
}

/** An entry with the principal that its addresses are, and how its rights came to it. */
export interface KnownAddress {
  readonly entry: TrustedAddress;
  readonly principal: Principal;
  readonly assignments: readonly Assignment[];
}

interface Rights {
  readonly roles: string[];
  readonly permissions: ReadonlySet<string>;
}

/** Where one stands in a network is no proof for administration (spec: permissions, rules). */
const BARRED = new Set(['admin', 'manage_api_keys', 'manage_scim']);
const BARRED_SUBJECTS = new Set(['User', 'Role']);
const CAPACITY = 10_000;

/** The trusted addresses of the configuration (A10): each is a principal with rights, a description and a trail. */
@Injectable()
export class TrustedAddressesService {
  private readonly principals = new Map<string, { readonly entry: TrustedAddress; readonly principal: Principal }>();

  constructor(
    private readonly config: LiveConfig,
    private readonly uses: TrustedAddressesRepository,
    private readonly directory: RoleDirectory,
    private readonly catalogue: PermissionCatalogue,
    private readonly revisions: Revisions,
    private readonly clock: Clock,
    configured: ConfiguredRoles,
  ) {
    config.registerCheck((candidate) => this.problemsOf(candidate));
    configured.register((role, permissions) => this.placesBarring(role.nameKey, permissions));
    revisions.onStale(() => this.principals.clear());
  }

  /** The principal that was found for this address a moment ago, at once; null where it has to be looked up. */
  knownPrincipal(ip: IpAddress): Principal | null {
    if (!this.revisions.isFresh()) return null;
    const known = this.principals.get(formatAddress(ip));
    // A configuration that was read again has new entries, so what an old one granted is not found here.
    return known && known.entry === this.entryFor(ip) ? known.principal : null;
  }

  /** The principal that this address is, or null when no live entry holds it. One object per address while nothing changes. */
  async principalOf(ip: IpAddress): Promise<Principal | null> {
    const entry = this.entryFor(ip);
    if (!entry) return null;
    const known = this.knownPrincipal(ip);
    if (known) return known;
    const name = formatAddress(ip);
    const { epoch } = this.revisions;
    const principal = await this.build(name, entry);
    if (this.principals.size >= CAPACITY) this.principals.clear();
    if (epoch === this.revisions.epoch) this.principals.set(name, { entry, principal });
    return principal;
  }

  async list(): Promise<TrustedAddressView[]> {
    const uses = await this.uses.allByAddress();
    return Promise.all(
      this.config.current.ipWhitelist.map(async (entry) => {
        const use = uses.get(entry.range.toString());
        return {
          ...(await this.shown(entry)),
          lastUsedAt: use?.lastUsedAt ?? null,
          lastUsedAddress: use?.lastUsedAddress ?? null,
        };
      }),
    );
  }

  /** What would become of a request from this address: the entry that decides, or null. */
  async test(address: string): Promise<TrustedAddressView | null> {
    const ip = parseAddress(address);
    const entry = ip && this.entryFor(ip);
    if (!entry) return null;
    return (await this.list()).find((view) => view.entry === entry) ?? null;
  }

  /** Every entry of the configuration in force, in its order, live or not. */
  known(): Promise<KnownAddress[]> {
    return Promise.all(
      this.config.current.ipWhitelist.map(async (entry) => {
        const principal = await this.build(entry.range.toString(), entry);
        const roles = await this.rolesOf(entry);
        const direct = { role: null, permissions: entry.roles.filter((name) => this.catalogue.has(name)) };
        return {
          entry,
          principal,
          assignments: [direct, ...roles.map(({ name, permissions }) => ({ role: name, permissions }))],
        };
      }),
    );
  }

  isLive({ expiresAt }: TrustedAddress): boolean {
    return expiresAt === null || expiresAt > this.clock.instant();
  }

  mayHold({ allowAdmin }: TrustedAddress, identifier: string): boolean {
    return allowAdmin || !this.isBarred(identifier);
  }

  async noteUse(address: string, lastUsedAt: Instant): Promise<void> {
    const ip = parseAddress(address);
    const entry = ip && this.entryFor(ip);
    if (entry) await this.uses.note({ address: entry.range.toString(), lastUsedAt, lastUsedAddress: address });
  }

  /** The narrowest live entry decides; a trusted proxy is never anybody. */
  entryFor(ip: IpAddress): TrustedAddress | null {
    const { ipWhitelist, trustedProxies } = this.config.current;
    if (trustedProxies.some((range) => range.contains(ip))) return null;
    let best: TrustedAddress | null = null;
    for (const entry of ipWhitelist) {
      if (this.isLive(entry) && entry.range.contains(ip) && entry.range.prefix > (best?.range.prefix ?? -1))
        best = entry;
    }
    return best;
  }

  private async build(name: string, entry: TrustedAddress): Promise<Principal> {
    const { roles, permissions } = await this.rightsOf(entry);
    return {
      kind: 'address',
      id: null,
      name,
      roles,
      // A role may have grown since the start; the bar holds whatever it grants now.
      permissions: new Set([...permissions].filter((identifier) => this.mayHold(entry, identifier))),
      customerIds: [],
      expiresAt: entry.expiresAt,
      credential: 'address',
      sessionId: null,
      isOutdated: false,
      allowedAddresses: null,
      rateLimit: null,
    };
  }

  private async shown(entry: TrustedAddress): Promise<Omit<TrustedAddressView, 'lastUsedAt' | 'lastUsedAddress'>> {
    const { roles, permissions } = await this.rightsOf(entry);
    return { entry, roles, permissions: [...permissions].sort() };
  }

  /** Each name of an entry is a role or a permission (spec rule 15). */
  private async rightsOf(entry: TrustedAddress): Promise<Rights> {
    const found = await this.rolesOf(entry);
    const direct = entry.roles.filter((name) => this.catalogue.has(name));
    return {
      roles: found.map((role) => role.name),
      permissions: new Set([...direct, ...found.flatMap((role) => role.permissions)]),
    };
  }

  private async rolesOf({ roles }: TrustedAddress): Promise<Role[]> {
    const known = await this.directory.all();
    return known.filter((role) => roles.some((name) => fold(name) === role.nameKey));
  }

  private async problemsOf(candidate: CrmConfig): Promise<ConfigProblem[]> {
    const known = new Set((await this.directory.all()).map((role) => role.nameKey));
    const problems = candidate.ipWhitelist.map(async (entry) => {
      const at = { path: `${entry.path}.roles`, line: entry.line };
      const unknown = entry.roles.filter((name) => !known.has(fold(name)) && !this.catalogue.has(name));
      if (unknown.length > 0) {
        return unknown.map((name) => ({
          ...at,
          message: `there is no role or permission called ${logLine(name, 64)}`,
        }));
      }
      const barred = [...(await this.rightsOf(entry)).permissions].filter((identifier) => this.isBarred(identifier));
      if (entry.allowAdmin || barred.length === 0) return [];
      const message = `grants ${barred.join(', ')}: an address alone is no proof for that, unless the entry says allow_admin: true`;
      return [{ ...at, message }];
    });
    return (await Promise.all(problems)).flat();
  }

  /** A role that grew beyond what an address may hold would stop the next start: the entries that stand in its way. */
  private placesBarring(nameKey: string, permissions: readonly string[]): string[] {
    if (!permissions.some((identifier) => this.isBarred(identifier))) return [];
    return this.config.current.ipWhitelist
      .filter(({ roles, allowAdmin }) => !allowAdmin && roles.some((name) => fold(name) === nameKey))
      .map(({ path }) => path);
  }

  private isBarred(identifier: string): boolean {
    return BARRED.has(identifier) || BARRED_SUBJECTS.has(this.catalogue.find(identifier)?.subject ?? '');
  }
}
