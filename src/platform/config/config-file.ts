import { SecretText } from '../../common/secret-text.js';
import { issueSentence } from './config-issues.js';
import { camelCased } from './camel-case.js';
import type { ConfigProblem } from './config-problem.js';
import { defaultRolesProblem, isPublicKey, keyProblem, rolesOf, trustedAddressProblem } from './config.rules.js';
import {
  type ConfigFile,
  configFileSchema,
  proxyRangeSchema,
  roleNamesSchema,
  settingNames,
  type TrustedAddressEntry,
  trustedAddressSchema,
} from './config.schema.js';
import type { CrmConfig } from './crm-config.js';
import { proposal } from './nearest-name.js';
import { pathText, type Place, readYaml } from './yaml-document.js';

export type FileSettings = Omit<CrmConfig, 'environment'>;

export const MAX_BYTES = 1024 * 1024;

/** The settings of one YAML text. `host` is where the server listens, null when unknown; a file without settings is fine. */
export function readConfigFile(
  text: string,
  host: string | null,
): { settings: FileSettings | null; problems: ConfigProblem[] } {
  if (Buffer.byteLength(text) > MAX_BYTES) return failed('', null, 'is larger than 1 MiB');
  const { value: raw, root, problems } = readYaml(text, isShown);
  if (raw === undefined && problems.length > 0) return { settings: null, problems: [...problems] };
  const value = raw ?? {};
  if (!isRecord(value)) return failed('', root.line, 'must be a map of settings, such as "http:" with lines below it');
  const review = new Review(value, root, [...problems]);
  const settings = review.settings(host);
  return { settings, problems: review.problems.sort((one, other) => (one.line ?? 0) - (other.line ?? 0)) };
}

function failed(path: string, line: number | null, message: string): { settings: null; problems: ConfigProblem[] } {
  return { settings: null, problems: [{ path, line, message }] };
}

/** A name may be a key that slipped out of its place, so problems print only names that look like settings. */
function isShown(path: readonly string[], name: string): boolean {
  if (path[0] === '.api_keys') return path.length > 1 && settingNames('api_keys').includes(name);
  return /^[a-z][a-z_]{0,30}$/i.test(name);
}

/** One reading of the file: finds every problem first, and builds the settings only when there is none. */
class Review {
  constructor(
    private readonly raw: Record<string, unknown>,
    private readonly root: Place,
    readonly problems: ConfigProblem[],
  ) {}

  settings(host: string | null): FileSettings | null {
    this.takeOutUnknownNames();
    const parsed = configFileSchema.safeParse(this.raw, { error: issueSentence });
    for (const issue of parsed.error?.issues ?? []) this.report(issue.path, issue.message);
    this.checkKeys(host);
    this.checkTrustedAddresses();
    return parsed.success && this.problems.length === 0 ? this.build(parsed.data) : null;
  }

  /** Taken out rather than left in, for a field that nobody knows would hide what is wrong with its neighbours. */
  private takeOutUnknownNames(): void {
    for (const issue of configFileSchema.safeParse(this.raw).error?.issues ?? []) {
      if (issue.code !== 'unrecognized_keys') continue;
      const owner = issue.path.reduce<unknown>(
        (value, name) => (value as Record<PropertyKey, unknown>)[name],
        this.raw,
      );
      const section = issue.path.length === 0 ? undefined : String(issue.path[0]);
      for (const name of issue.keys) {
        const { path } = this.locate([...issue.path, name]);
        const hint = path.endsWith(']') ? '; its name is not shown, for it may be a key' : '';
        this.report([...issue.path, name], `is not a setting${hint}; ${proposal(name, settingNames(section))}`);
        delete (owner as Record<string, unknown>)[name];
      }
    }
  }

  private checkKeys(host: string | null): void {
    for (const key of Object.keys(isRecord(this.raw['api_keys']) ? this.raw['api_keys'] : {})) {
      const problem = keyProblem(key, host);
      if (problem !== null) this.report(['api_keys', key], problem);
    }
  }

  /** Looks at each entry that is sound by itself, so that one broken entry does not hide the others. */
  private checkTrustedAddresses(): void {
    const proxies = listOf(this.raw['trusted_proxies']).flatMap((raw) => proxyRangeSchema.safeParse(raw).data ?? []);
    const seen = new Map<string, string>();
    listOf(this.raw['ip_whitelist']).forEach((raw, index) => {
      const entry = trustedAddressSchema.safeParse(raw).data;
      if (!entry) return;
      const at = ['ip_whitelist', index];
      const earlier = seen.get(entry.address.toString());
      const problem = trustedAddressProblem(entry, proxies);
      if (problem !== null) this.report(at, problem);
      if (earlier !== undefined) this.report(at, `${entry.address.toString()} is there already, as ${earlier}`);
      else seen.set(entry.address.toString(), this.locate(at).path);
    });
    const problem = defaultRolesProblem(roleNamesSchema.safeParse(this.raw['ip_whitelist_default_roles']).data ?? []);
    if (problem !== null) this.report(['ip_whitelist_default_roles'], problem);
  }

  private build(file: ConfigFile): FileSettings {
    return {
      apiKeys: Object.entries(file.api_keys).map(([key, { roles, description }]) => {
        return { ...this.locate(['api_keys', key]), key: new SecretText(key), roles, description };
      }),
      ipWhitelist: file.ip_whitelist.map((entry, index) =>
        this.trustedAddress(entry, index, file.ip_whitelist_default_roles),
      ),
      ipWhitelistDefaultRoles: file.ip_whitelist_default_roles,
      trustedProxies: file.trusted_proxies,
      http: camelCased(file.http),
      rateLimits: camelCased(file.rate_limits),
      apiKeyPolicy: camelCased(file.api_key_policy),
      apiKeyAlerts: camelCased(file.api_key_alerts),
      twoFactor: {
        required: file.two_factor.required,
        requiredRoles: file.two_factor.required_roles.map((name, index) => {
          return { ...this.locate(['two_factor', 'required_roles', index]), name };
        }),
      },
      retention: camelCased(file.retention),
      mail: camelCased(file.mail),
      users: camelCased(file.users),
      warnings: [...this.warnings(Object.keys(file.api_keys)), ...this.idleAddresses(file)],
    };
  }

  private trustedAddress(
    entry: TrustedAddressEntry,
    index: number,
    defaults: readonly string[],
  ): CrmConfig['ipWhitelist'][number] {
    return {
      ...this.locate(['ip_whitelist', index]),
      range: entry.address,
      roles: rolesOf(entry) ?? defaults,
      description: entry.description,
      expiresAt: entry.expires,
      allowPublic: entry.allow_public,
      allowAdmin: entry.allow_admin,
    };
  }

  private warnings(keys: readonly string[]): string[] {
    return keys.filter(isPublicKey).map((key) => {
      const { path, line } = this.locate(['api_keys', key]);
      return `${path} (line ${line}) is a key from the public documentation: everybody knows it, so it works only while the server listens on loopback; replace it`;
    });
  }

  /** The source writes bare addresses; without default roles they are recognised, and may do nothing. */
  private idleAddresses({ ip_whitelist: entries, ip_whitelist_default_roles: defaults }: ConfigFile): string[] {
    const idle = entries.flatMap((entry, index) => {
      if ((rolesOf(entry) ?? defaults).length > 0) return [];
      const { path, line } = this.locate(['ip_whitelist', index]);
      return [`${path} (line ${line})`];
    });
    if (idle.length === 0) return [];
    return [`${idle.join(', ')}: trusted, but granted nothing; give them roles, or set ip_whitelist_default_roles`];
  }

  private report(at: readonly PropertyKey[], message: string): void {
    this.problems.push({ ...this.locate(at), message });
  }

  /** Where a value stands, or where it is missing: then the line is that of the thing it is missing from. */
  private locate(at: readonly PropertyKey[]): { path: string; line: number } {
    const labels: string[] = [];
    let place: Place | undefined = this.root;
    let line = place.line;
    for (const name of at) {
      if (place?.isLeaf) break;
      place = typeof name === 'symbol' ? undefined : place?.children.get(name);
      labels.push(place?.label ?? (typeof name === 'number' ? `[${name}]` : `.${String(name)}`));
      line = place?.line ?? line;
    }
    return { path: pathText(labels), line };
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
