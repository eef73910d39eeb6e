import { z } from 'zod';
import { parseExpiry } from '../../common/expiry-instant.js';
import { IpRange } from '../../common/ip-range.js';
import { logLine } from '../../common/text.js';

/**
 * The shape of crm_config.yaml. Each description is the operator's manual: docs/config.md is made of them. What concerns
 * more than one field is in config.rules.ts.
 */

const roleName = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} _.-]{0,63}$/u, 'must be the name of a role or of a permission');

export const roleNamesSchema = z.array(roleName).transform((names) => [...new Set(names)]);

const someRoleNames = z
  .array(roleName)
  .min(1, 'must name at least one role or permission')
  .transform((names) => [...new Set(names)]);

const description = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^\P{Cc}*$/u, 'must be one line of printable text')
  .nullable()
  .default(null);

const ipRange = z.string().transform((text, context): IpRange => {
  const range = IpRange.parse(text);
  if (range instanceof IpRange) return range;
  context.issues.push({ code: 'custom', input: text, message: `"${logLine(text, 60)}" ${range.problem}` });
  return z.NEVER;
});

export const proxyRangeSchema = ipRange.refine((range) => range.prefix > 0, 'would trust every address on earth');

const expiry = z.string().transform((text, context): string => {
  const instant = parseExpiry(text);
  if (instant !== null) return instant;
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'must be a date (2027-01-31) or an instant (2027-01-31T12:00:00Z)',
  });
  return z.NEVER;
});

const baseUrl = z.string().transform((text, context): string => {
  const url = /^https?:\/\/[^\s/?#@\\]+\/?$/i.test(text) ? URL.parse(text) : null;
  if (url) return url.origin;
  context.issues.push({
    code: 'custom',
    input: text,
    message: 'must be like https://crm.example.com, with nothing behind the host',
  });
  return z.NEVER;
});

const corsOrigin = z.string().transform((text, context): string => {
  const origin = URL.parse(text)?.origin;
  if (origin === text && /^https?:/.test(text)) return origin;
  const isOpen = text === '*' || text.toLowerCase() === 'null';
  const message = isOpen
    ? `"${text}" would let any page ask in its reader's name; list the exact origins`
    : 'must be an exact origin like https://console.example.com: lower case, no path, no default port';
  context.issues.push({ code: 'custom', input: text, message });
  return z.NEVER;
});

const HOST = /^(?:\[[\da-f:.]+\]|[a-z\d](?:[a-z\d-]*[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]*[a-z\d])?)*)(?::[1-9]\d{0,4})?$/;

const hostWithPort = z
  .string()
  .toLowerCase()
  .regex(HOST, 'must be a host name with an optional port, such as crm.example.com or 10.0.0.7:3000');

const perMinute = z.int().min(0).max(1_000_000);

const apiKeyEntrySchema = z
  .strictObject({
    roles: someRoleNames.describe('Names of roles or permissions, at least one; letter case does not matter.'),
    description: description.describe('Whose key it is and what for; shown as its name in lists and in the audit log.'),
  })
  .describe(
    'One key: a printable text of at least 32 characters without blanks, best made by `openssl rand -base64 48`.',
  );

const trustedAddressObject = z.strictObject({
  address: ipRange.describe(
    'An IPv4 or IPv6 address, or a network such as 10.0.0.0/24 without bits behind its prefix.',
  ),
  roles: someRoleNames
    .optional()
    .describe('Names of roles or permissions; `ip_whitelist_default_roles` when left out.'),
  permissions: someRoleNames.optional().describe('The same as `roles`; both lists count when both are there.'),
  description: description.describe('Who sits at this address; shown as its name in the audit log.'),
  expires: expiry
    .nullable()
    .default(null)
    .describe(
      'When the entry stops matching: a date (the end of that day in UTC) or an RFC 3339 instant; null = never.',
    ),
  allow_public: z
    .boolean()
    .default(false)
    .describe('Must be true for an address that can be reached from the internet.'),
  allow_admin: z
    .boolean()
    .default(false)
    .describe(
      'Must be true for an entry that may administer: `admin`, `manage_api_keys`, `manage_scim`, users or roles.',
    ),
});

/** A bare address, as the source writes it, is an entry without further fields. */
export const trustedAddressSchema = z.preprocess(
  (entry) => (typeof entry === 'string' || typeof entry === 'number' ? { address: String(entry) } : entry),
  trustedAddressObject,
);

const httpSchema = z.strictObject({
  base_url: baseUrl
    .nullable()
    .default(null)
    .describe(
      'Where people reach this server, for links in mail, such as https://crm.example.com; never taken from a request.',
    ),
  require_https: z
    .boolean()
    .default(false)
    .describe('Answer 403 to every request that did not come by HTTPS, here or at a trusted proxy.'),
  allowed_hosts: z
    .array(hostWithPort)
    .default([])
    .describe('Host names that a request judged by its address may use, beside localhost and the listening address.'),
  cors_origins: z
    .array(corsOrigin)
    .prefault([])
    .describe('Origins whose pages may call the API from a browser, exactly as browsers send them; no wildcards.'),
  public_docs: z.boolean().default(true).describe('Show the API documentation at /crm/docs/ to everybody.'),
});

const rateLimitsSchema = z.strictObject({
  api_key: perMinute.default(60).describe('Per API key, unless the key has a limit of its own.'),
  personal_token: perMinute.default(60).describe('Per personal access token.'),
  user: perMinute.default(600).describe('Per signed-in user, all sessions together.'),
  address: perMinute.default(600).describe('Per trusted address.'),
  login: perMinute
    .default(10)
    .describe('Failed attempts to sign in, per account, and per address over all accounts; successes are not counted.'),
  failed_auth: perMinute
    .default(60)
    .describe(
      'Requests with a bad credential, per address; good credentials from that address are never refused for them.',
    ),
});

const keyPrefix = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{1,14}_$/,
    'must be 3 to 16 lower-case letters, digits and "_", beginning with a letter and ending in "_"',
  );

const apiKeyPolicySchema = z
  .strictObject({
    prefix: keyPrefix
      .default('sk_live_')
      .describe('What every generated key begins with; keys made before a change keep working.'),
    personal_prefix: keyPrefix
      .default('pat_live_')
      .describe('What every personal access token begins with; it must differ from `prefix`.'),
    max_lifetime_days: z
      .int()
      .min(1)
      .max(3650)
      .nullable()
      .default(null)
      .describe('The longest life of a new key, 1 to 3650 days; null = keys may live for ever.'),
    expiring_soon_days: z
      .int()
      .min(1)
      .max(365)
      .default(30)
      .describe('How long before its expiry a key counts as expiring soon, 1 to 365 days.'),
  })
  .refine(({ prefix, personal_prefix: personal }) => prefix !== personal, {
    path: ['personal_prefix'],
    message: 'must differ from prefix: nobody could tell a personal token from a key of the organisation',
  });

const apiKeyAlertsSchema = z.strictObject({
  learning_days: z
    .int()
    .min(0)
    .max(365)
    .default(7)
    .describe("How long after a key's creation, and after its first use, nothing about it is unusual, 0 to 365 days."),
  new_address: z.boolean().default(true).describe('Tell when a key is used from an address that it never came from.'),
  silent_days: z
    .int()
    .min(1)
    .max(3650)
    .nullable()
    .default(30)
    .describe('Tell when a key is used after so many days without a request, 1 to 3650 days; null = never.'),
  volume_factor: z
    .number()
    .min(1.1)
    .max(1_000)
    .nullable()
    .default(5)
    .describe('Tell when an hour has more requests than so many times the usual, 1.1 to 1,000; null = never.'),
  volume_minimum: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(100)
    .describe('Hours with fewer requests are never called unusual, 1 to 1,000,000.'),
});

const days = z.int('must be a whole number of days').min(1).max(36_500).nullable();

const retentionSchema = z.strictObject({
  access_log_days: days.default(90).describe('How long access records are kept, in days; null = for ever.'),
  audit_log_days: days
    .default(null)
    .describe(
      'How long change records are kept, in days; null = for ever. What remains of the chain can still be checked.',
    ),
  usage_hour_days: days
    .default(90)
    .describe('How long the hourly usage counts of API keys are kept, in days; null = for ever.'),
  usage_day_days: days
    .default(800)
    .describe('How long the daily usage counts of API keys are kept, in days; null = for ever.'),
});

const twoFactorSchema = z.strictObject({
  required: z.boolean().default(false).describe('Demand two-factor of every user.'),
  required_roles: roleNamesSchema
    .prefault([])
    .describe('Names of roles whose holders must have two-factor; letter case does not matter.'),
});

const mailSchema = z.strictObject({
  from: z
    .email('must be an e-mail address')
    .nullable()
    .default(null)
    .describe('The address that mail comes from; null = `omnicrm@` and the host of `http.base_url`, else `localhost`.'),
});

const usersSchema = z.strictObject({
  self_signup: z
    .boolean()
    .default(false)
    .describe(
      'Let anybody sign up by mail; they get the role Customer and no customers until somebody ties them to one.',
    ),
});

/** A section whose lines are all commented out is null in YAML, and means the same as no section. */
function section<Schema extends z.ZodType>(schema: Schema, text: string) {
  return z.preprocess((value) => value ?? undefined, schema).describe(text);
}

export const configFileSchema = z.strictObject({
  api_keys: section(
    z.record(z.string(), apiKeyEntrySchema).prefault({}),
    'Keys that live in this file, for machines that must work before anybody signs in; kept in memory as digests only.',
  ),
  ip_whitelist: section(
    z.array(trustedAddressSchema).prefault([]),
    'Addresses that need no credential: bare addresses and networks, or objects with the fields below.',
  ),
  ip_whitelist_default_roles: section(
    roleNamesSchema.prefault([]),
    'Names of roles or permissions for entries of `ip_whitelist` that name none.',
  ),
  trusted_proxies: section(
    z.array(proxyRangeSchema).prefault([]),
    'Addresses of reverse proxies: only they may say in X-Forwarded-For and X-Forwarded-Proto whom they speak for.',
  ),
  http: section(httpSchema.prefault({}), 'How the server is reached.'),
  rate_limits: section(rateLimitsSchema.prefault({}), 'Requests per minute, 0 to 1,000,000; 0 = no limit.'),
  api_key_policy: section(apiKeyPolicySchema.prefault({}), 'Rules for API keys that are made through the API.'),
  api_key_alerts: section(
    apiKeyAlertsSchema.prefault({}),
    'When the use of an API key is worth an alert: a record in the audit log, and an event.',
  ),
  two_factor: section(
    twoFactorSchema.prefault({}),
    'Of whom a second factor is demanded. Until it is set up, nothing but that is open to them.',
  ),
  retention: section(retentionSchema.prefault({}), 'How long records are kept; older ones are removed once a day.'),
  mail: section(mailSchema.prefault({}), 'What mail looks like; where it goes is said by `CRM_SMTP_URL`.'),
  users: section(usersSchema.prefault({}), 'How people come to be users.'),
});

const FIELDS: Record<string, z.ZodObject> = {
  api_keys: apiKeyEntrySchema,
  ip_whitelist: trustedAddressObject,
  http: httpSchema,
  rate_limits: rateLimitsSchema,
  api_key_policy: apiKeyPolicySchema,
  api_key_alerts: apiKeyAlertsSchema,
  two_factor: twoFactorSchema,
  retention: retentionSchema,
  mail: mailSchema,
  users: usersSchema,
};

/** The settings there are: the sections, or the fields of one section's entries. */
export function settingNames(section?: string): string[] {
  return Object.keys((section === undefined ? configFileSchema : FIELDS[section])?.shape ?? {});
}

export type ConfigFile = z.output<typeof configFileSchema>;
export type TrustedAddressEntry = z.output<typeof trustedAddressSchema>;
