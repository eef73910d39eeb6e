import { type Command, InvalidArgumentError } from 'commander';
import type { Services } from '../app.setup.js';
import type { ApiKeyView } from '../api-keys/api-key.view.js';
import { CreateApiKeyRequest, ListApiKeysQuery } from '../api-keys/api-keys.dto.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { logLine } from '../common/text.js';
import { ConfigError } from '../platform/config/config-problem.js';
import { generateKey } from '../platform/secrets/key-format.js';
import { checked, configOf, OPERATOR, several, type Shell, withServices } from './shell.js';

interface CreateOptions {
  readonly name: string;
  readonly description?: string;
  readonly expires?: string;
  readonly permission?: string[];
  readonly role?: string[];
  readonly customer?: number[];
  readonly rateLimit?: number;
  readonly protected?: boolean;
}

interface ListOptions {
  readonly status?: string;
  readonly search?: string;
}

interface GenerateOptions {
  readonly role?: string[];
  readonly description?: string;
}

const DEFAULT_PREFIX = 'sk_live_';
/** Whoever pastes the lines without a thought gets a key that can read customers and change nothing. */
const DEFAULT_ROLE = 'view_customer';

const GENERATE_EXAMPLES = `
Examples:
  npm run cli -- api-key generate --role provisioning --description "Ansible"
  npm run cli -- api-key generate --role view_customer --role view_service

Nothing is stored: paste the lines into crm_config.yaml. Without --role they grant ${DEFAULT_ROLE}.`;

const CREATE_EXAMPLES = `
Examples:
  npm run cli -- api-key create --name "Billing export" --permission view_customer --expires 2030-12-31
  npm run cli -- api-key create --name "Portal" --permission view_own_customer --customer 7 --rate-limit 600`;

const LIST_EXAMPLES = `
Examples:
  npm run cli -- api-key list
  npm run cli -- api-key list --status expired
  npm run cli -- api-key list --search billing`;

const REVOKE_EXAMPLES = `
Example:
  npm run cli -- api-key revoke 12

For ever: the next request with this key is refused. A running server knows within a second.`;

export function addApiKey(root: Command, shell: Shell): void {
  const apiKey = root.command('api-key').description('API keys');
  apiKey
    .command('generate')
    .description('print a fresh key with its lines for crm_config.yaml; needs no database')
    .option('--role <name>', 'name of a role or permission; may be repeated', several)
    .option('--description <text>', 'whose key it is')
    .addHelpText('after', GENERATE_EXAMPLES)
    .action((options: GenerateOptions) => generate(shell, options));
  apiKey
    .command('create')
    .description('make a key in the database and print it once')
    .requiredOption('--name <name>', 'what the key is for')
    .option('--description <text>', 'more about it')
    .option('--expires <date>', 'a date (the end of that day in UTC) or an RFC 3339 instant; never when left out')
    .option('--permission <identifier>', 'may be repeated; at least one permission or role', several)
    .option('--role <name>', 'may be repeated', several)
    .option('--customer <id>', 'a customer that the key acts for; may be repeated', severalNumbers)
    .option('--rate-limit <requests>', 'a minute', wholeNumber)
    .option('--protected', 'cannot be revoked until this is taken back')
    .addHelpText('after', CREATE_EXAMPLES)
    .action((options: CreateOptions) => create(shell, options));
  apiKey
    .command('list')
    .description('list keys, masked; all but the revoked ones')
    .option('--status <status>', 'all, active, expiring_soon, expired or revoked')
    .option('--search <words>', 'beginnings of words of name, description and the visible part of the key')
    .addHelpText('after', LIST_EXAMPLES)
    .action((options: ListOptions) => list(shell, options));
  apiKey
    .command('revoke')
    .description('revoke a key for ever')
    .argument('<id>', 'its number, as "api-key list" shows it', wholeNumber)
    .addHelpText('after', REVOKE_EXAMPLES)
    .action((id: number) => revoke(shell, id));
}

function generate(shell: Shell, { role: roles = [DEFAULT_ROLE], description }: GenerateOptions): void {
  const key = generateKey(prefixOf(shell));
  const about = description ?? 'Say here whose key this is';
  // JSON's quoted text is YAML's, whatever stands in it.
  shell.out(
    [
      `Key: ${key} (shown only now: give it to its user)`,
      '',
      'Lines for crm_config.yaml:',
      '',
      'api_keys:',
      `  ${key}:`,
      `    roles: [${roles.map((role) => JSON.stringify(role)).join(', ')}]`,
      `    description: ${JSON.stringify(about)}`,
    ].join('\n'),
  );
}

/** A configuration that is broken for now shall not keep anybody from writing a better one. */
function prefixOf(shell: Shell): string {
  try {
    return configOf(shell).current.apiKeyPolicy.prefix;
  } catch (error) {
    if (error instanceof ConfigError) return DEFAULT_PREFIX;
    throw error;
  }
}

async function create(shell: Shell, options: CreateOptions): Promise<void> {
  const request = checked(CreateApiKeyRequest, {
    name: options.name,
    description: options.description,
    expiry_date: options.expires,
    permissions: options.permission,
    roles: options.role,
    customer_ids: options.customer,
    rate_limit: options.rateLimit,
    protected: options.protected,
  });
  const { view, secret } = await withServices(shell, (services) =>
    services.get(ApiKeysService).create(OPERATOR, request),
  );
  const { apiKeyId, name, expiryDate } = view.key;
  shell.out(`API key ${apiKeyId} created: ${logLine(name, 100)}, expires ${expiryDate ?? 'never'}.`);
  shell.out(`Key: ${secret} (shown only now: keep it)`);
}

async function list(shell: Shell, options: ListOptions): Promise<void> {
  const keys = await withServices(shell, (services) => everyKey(services, options));
  if (keys.length === 0) shell.out('There are no such keys.');
  else shell.out(table([['id', 'name', 'key', 'status', 'expires', 'last used', 'rights'], ...keys.map(rowOf)]));
}

async function everyKey(services: Services, { status, search }: ListOptions): Promise<ApiKeyView[]> {
  const keys: ApiKeyView[] = [];
  let cursor: string | null | undefined;
  do {
    const query = checked(ListApiKeysQuery, { status, search, cursor, limit: '100' });
    const page = await services.get(ApiKeysService).list(query);
    keys.push(...page.rows);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return keys;
}

async function revoke(shell: Shell, id: number): Promise<void> {
  await withServices(shell, (services) => services.get(ApiKeysService).revoke(OPERATOR, id, null));
  shell.out(`API key ${id} is revoked.`);
}

function rowOf({ key, status, roles }: ApiKeyView): string[] {
  const rights = [...roles.map((role) => role.name), ...key.permissions];
  const cells = [
    String(key.apiKeyId),
    key.name,
    key.mask,
    status,
    key.expiryDate ?? 'never',
    key.lastUsedAt ?? 'never',
  ];
  return [...cells, rights.join(' ')].map((cell) => logLine(cell, 60));
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('It must be a positive whole number.');
  return Number(text);
}

function severalNumbers(text: string, earlier: readonly number[] | undefined): number[] {
  return [...(earlier ?? []), wholeNumber(text)];
}
