import type { Instant } from '../../common/clock.js';
import type { IpRange } from '../../common/ip-range.js';
import type { SecretText } from '../../common/secret-text.js';

/** Everything an operator can decide before the start, validated whole and frozen. Swapped whole when the file changes. */
export interface CrmConfig {
  readonly environment: EnvironmentConfig;
  readonly apiKeys: readonly ConfiguredApiKey[];
  readonly ipWhitelist: readonly TrustedAddress[];
  readonly ipWhitelistDefaultRoles: readonly string[];
  readonly trustedProxies: readonly IpRange[];
  readonly http: HttpConfig;
  readonly rateLimits: RateLimitConfig;
  readonly apiKeyPolicy: ApiKeyPolicy;
  readonly apiKeyAlerts: ApiKeyAlertConfig;
  readonly twoFactor: TwoFactorConfig;
  readonly retention: RetentionConfig;
  readonly mail: MailConfig;
  readonly users: UsersConfig;
  /** Sentences that the start prints: allowed, and still worth knowing. */
  readonly warnings: readonly string[];
}

/** From the environment: fixed for the life of the process. */
export interface EnvironmentConfig {
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Null = SQLite in the data folder. */
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  /** May hold a password. Null = mail is written as files into the data folder. */
  readonly smtpUrl: string | null;
  /** Absolute path of the file in use; null = built-in defaults. */
  readonly configFile: string | null;
  readonly adminEmail: string;
  /** Null = generated at the very first start. */
  readonly adminPassword: string | null;
  readonly logLevel: string;
  readonly secretPepper: string | null;
  /** Absolute. */
  readonly jwtKeysFile: string | null;
}

/** Where an entry stands in the file, for problems that only an upper floor can find. */
interface Located {
  /** By position, such as `api_keys[0]`; never the key itself. */
  readonly path: string;
  readonly line: number;
}

export interface ConfiguredApiKey extends Located {
  readonly key: SecretText;
  /** Role or permission names, lower case; which of the two is known to the database. */
  readonly roles: readonly string[];
  readonly description: string | null;
}

export interface TrustedAddress extends Located {
  readonly range: IpRange;
  readonly roles: readonly string[];
  readonly description: string | null;
  /** An entry past this instant stays in the list and does not match. */
  readonly expiresAt: Instant | null;
  readonly allowPublic: boolean;
  readonly allowAdmin: boolean;
}

export interface HttpConfig {
  /** Origin without a trailing slash. */
  readonly baseUrl: string | null;
  readonly requireHttps: boolean;
  /** Lower case, with a port where one was written. */
  readonly allowedHosts: readonly string[];
  readonly corsOrigins: readonly string[];
  readonly publicDocs: boolean;
}

/** Requests a minute; 0 = no limit. */
export interface RateLimitConfig {
  readonly apiKey: number;
  readonly personalToken: number;
  readonly user: number;
  readonly address: number;
  readonly login: number;
  readonly failedAuth: number;
}

export interface ApiKeyPolicy {
  readonly prefix: string;
  /** Never the same as `prefix`. */
  readonly personalPrefix: string;
  readonly maxLifetimeDays: number | null;
  readonly expiringSoonDays: number;
}

/** When the use of a key is unusual; null = never told. */
export interface ApiKeyAlertConfig {
  readonly learningDays: number;
  readonly newAddress: boolean;
  readonly silentDays: number | null;
  /** Times the usual requests of an hour. */
  readonly volumeFactor: number | null;
  /** Requests an hour. */
  readonly volumeMinimum: number;
}

/** Of whom a second factor is demanded. */
export interface TwoFactorConfig {
  readonly required: boolean;
  /** Role names, lower case; whether there are such roles is known to the database. */
  readonly requiredRoles: readonly (Located & { readonly name: string })[];
}

/** Days; null = for ever. */
export interface RetentionConfig {
  readonly accessLogDays: number | null;
  readonly auditLogDays: number | null;
  readonly usageHourDays: number | null;
  readonly usageDayDays: number | null;
}

export interface MailConfig {
  /** Null = made from the host of `http.base_url`. */
  readonly from: string | null;
}

export interface UsersConfig {
  readonly selfSignup: boolean;
}
