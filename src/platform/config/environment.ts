import { resolve } from 'node:path';
import { z } from 'zod';
import { parseAddress } from '../../common/ip-range.js';
import { issueSentence } from './config-issues.js';
import type { ConfigProblem } from './config-problem.js';
import type { EnvironmentConfig } from './crm-config.js';
import { proposal } from './nearest-name.js';

export type Variables = Readonly<Record<string, string | undefined>>;

const HOST_NAME = /^[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*$/i;

/** `10.1` and `010.0.0.1` are no host names: resolvers read them as addresses, each in its own way. */
const NUMERIC_END = /(?:^|\.)\d+$/;

const host = z
  .string()
  .refine(
    (text) => parseAddress(text) !== null || (HOST_NAME.test(text) && !NUMERIC_END.test(text)),
    'must be an address or a host name, without a port or brackets',
  );

const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a whole number from 0 to 65535')
  .transform(Number)
  .refine((number) => number <= 65_535, 'must be a whole number from 0 to 65535');

/** A URL that names a server of the given kind. The value may hold a password and is never printed. */
function serverUrl(protocols: readonly string[], isWhole: (url: URL) => boolean, message: string) {
  return z.string().refine((text) => {
    const url = URL.parse(text);
    return url !== null && protocols.includes(url.protocol) && url.hostname !== '' && isWhole(url);
  }, message);
}

/** The environment as an operator writes it; each description is a line of the manual. An empty value counts as unset. */
export const environmentSchema = z.object({
  CRM_HOST: host.prefault('127.0.0.1').describe('Address to listen on; 0.0.0.0 or :: for every interface.'),
  CRM_PORT: port.prefault('3000').describe('Port to listen on; 0 takes any free one.'),
  CRM_DATA_DIR: z
    .string()
    .prefault('./data')
    .describe(
      'Folder of the embedded database, the signing keys, the pepper and the mail outbox; made when it is missing.',
    ),
  CRM_DATABASE_URL: serverUrl(
    ['mysql:', 'mariadb:'],
    (url) => /^\/[^/]+$/.test(url.pathname),
    'must be like mysql://user:password@host:3306/name (or mariadb://), with the name of a database',
  )
    .optional()
    .describe('MariaDB or MySQL, as mysql://user:password@host:3306/name; SQLite in the data folder when unset.'),
  CRM_REDIS_URL: serverUrl(['redis:', 'rediss:'], () => true, 'must be like redis://host:6379 (or rediss://)')
    .optional()
    .describe('Redis that several nodes share for limits and revocation, as redis://host:6379; in memory when unset.'),
  CRM_SMTP_URL: serverUrl(
    ['smtp:', 'smtps:'],
    (url) => url.pathname === '' || url.pathname === '/',
    'must be like smtp://user:password@host:587 (or smtps:// for TLS from the first byte)',
  )
    .optional()
    .describe(
      'Mail server, as smtp://user:password@host:587 or smtps://…:465; mail goes into files in the data folder when unset.',
    ),
  CRM_CONFIG_FILE: z
    .string()
    .optional()
    .describe(
      'The YAML file described below; when unset ./crm_config.yaml if it is there, else the built-in defaults.',
    ),
  CRM_ADMIN_EMAIL: z
    .email('must be an e-mail address')
    .prefault('admin@example.com')
    .describe('E-mail of the first administrator; used only while there is no user.'),
  CRM_ADMIN_PASSWORD: z
    .string()
    .min(12)
    .max(128)
    .optional()
    .describe(
      'Password of the first administrator, 12 to 128 characters, no common one; generated and told once when unset.',
    ),
  CRM_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .prefault('info')
    .describe('The least severe messages that are logged: fatal, error, warn, info, debug, trace or silent.'),
  CRM_SECRET_PEPPER: z
    .string()
    .min(32)
    .optional()
    .describe(
      'Secret under which keys are digested, at least 32 characters, equal on all nodes; generated into the data folder when unset. Several versions as 2:<new>,1:<old>: the first one listed is used, the others are still recognised.',
    ),
  CRM_JWT_KEYS_FILE: z
    .string()
    .optional()
    .describe('File of the keys that sign tokens, equal on all nodes; generated into the data folder when unset.'),
});

/** `CRM_API_KEY` is what the documentation tells clients to use: it may stand in the same shell and means nothing here. */
const FOREIGN = /^CRM_(?:TEST_|API_KEY$)/;

export function readEnvironment(variables: Variables): {
  value: Omit<EnvironmentConfig, 'configFile'> | null;
  problems: ConfigProblem[];
} {
  const known = Object.keys(environmentSchema.shape);
  const set = Object.entries(variables).filter(
    ([name, text]) => name.startsWith('CRM_') && text !== undefined && text !== '',
  );
  const unknown = set.map(([name]) => name).filter((name) => !known.includes(name) && !FOREIGN.test(name));
  const problems = unknown.map((name) => problemOf(name, `is not a variable of this server; ${proposal(name, known)}`));
  const parsed = environmentSchema.safeParse(Object.fromEntries(set), { error: issueSentence });
  if (parsed.success) return { value: environmentOf(parsed.data), problems };
  return {
    value: null,
    problems: [...problems, ...parsed.error.issues.map((issue) => problemOf(String(issue.path[0]), issue.message))],
  };
}

/** The file that holds the settings, and whether somebody asked for it by name. */
export function configFileOf(variables: Variables): { file: string; isRequired: boolean } {
  const named = variables['CRM_CONFIG_FILE'] ?? '';
  return { file: resolve(named === '' ? 'crm_config.yaml' : named), isRequired: named !== '' };
}

function environmentOf(variables: z.output<typeof environmentSchema>): Omit<EnvironmentConfig, 'configFile'> {
  return {
    host: variables.CRM_HOST,
    port: variables.CRM_PORT,
    dataDir: resolve(variables.CRM_DATA_DIR),
    databaseUrl: variables.CRM_DATABASE_URL ?? null,
    redisUrl: variables.CRM_REDIS_URL ?? null,
    smtpUrl: variables.CRM_SMTP_URL ?? null,
    adminEmail: variables.CRM_ADMIN_EMAIL,
    adminPassword: variables.CRM_ADMIN_PASSWORD ?? null,
    logLevel: variables.CRM_LOG_LEVEL,
    secretPepper: variables.CRM_SECRET_PEPPER ?? null,
    jwtKeysFile: variables.CRM_JWT_KEYS_FILE === undefined ? null : resolve(variables.CRM_JWT_KEYS_FILE),
  };
}

function problemOf(path: string, message: string): ConfigProblem {
  return { path, line: null, message };
}
