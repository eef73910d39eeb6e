import { type Command, InvalidArgumentError } from 'commander';
import type { Services } from '../app.setup.js';
import type { ApiKeyView } from '../api-keys/api-key.view.js';
import { CreateApiKeyRequest, ListApiKeysQuery } from '../api-keys/api-keys.dto.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { ChildrenService } from '../api-keys/children/children.service.js';
import { RegenerateApiKeyRequest } from '../api-keys/rotation/rotation.dto.js';
import { RotationService } from '../api-keys/rotation/rotation.service.js';
import { logLine } from '../common/text.js';
import { addGenerate } from './api-key-generate.js';
import { checked, OPERATOR, several, type Shell, withServices } from './shell.js';
import { table } from './table.js';

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

interface RotateOptions {
  readonly grace?: number;
  readonly retireAfterFirstUse?: number;
  readonly deadline?: string;
}

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

For ever: the next request with this key is refused. A running server knows within a second. Keys that it made go on
working and are named.`;

const ROTATE_EXAMPLES = `
Examples:
  npm run cli -- api-key rotate 12
  npm run cli -- api-key rotate 12 --grace 86400
  npm run cli -- api-key rotate 12 --retire-after-first-use 3600 --deadline 2030-12-31

Without an option the old value dies at once. Otherwise both work for a while, a year at most; who still uses the old one
is told by GET /crm/api-keys/12/rotation.`;

export function addApiKey(root: Command, shell: Shell): void {
  const apiKey = root.command('api-key').description('API keys');
  addGenerate(apiKey, shell);
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
    .command('rotate')
    .description('give a key a new value and print it once')
    .argument('<id>', 'its number, as "api-key list" shows it', wholeNumber)
    .option('--grace <seconds>', 'the old value works for so long beside the new one', seconds)
    .option(
      '--retire-after-first-use <seconds>',
      'the old value works for so long after the first use of the new',
      seconds,
    )
    .option('--deadline <instant>', 'then the old value ends even if the new one was never used')
    .addHelpText('after', ROTATE_EXAMPLES)
    .action((id: number, options: RotateOptions) => rotate(shell, id, options));
  apiKey
    .command('revoke')
    .description('revoke a key for ever')
    .argument('<id>', 'its number, as "api-key list" shows it', wholeNumber)
    .addHelpText('after', REVOKE_EXAMPLES)
    .action((id: number) => revoke(shell, id));
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

async function rotate(shell: Shell, id: number, options: RotateOptions): Promise<void> {
  const request = checked(RegenerateApiKeyRequest, {
    grace_period_seconds: options.grace,
    retire_seconds_after_first_use: options.retireAfterFirstUse,
    deadline: options.deadline,
  });
  const { view, secret, previousValidUntil } = await withServices(shell, (services) =>
    services.get(RotationService).regenerate(OPERATOR, id, request, null),
  );
  shell.out(`API key ${id} has a new value: ${logLine(view.key.name, 100)}.`);
  shell.out(`Key: ${secret} (shown only now: keep it)`);
  shell.out(endOfOldValue(previousValidUntil, options));
}

function endOfOldValue(until: string | null, { retireAfterFirstUse }: RotateOptions): string {
  if (until === null) return 'The old value does not work any more.';
  if (retireAfterFirstUse === undefined) return `The old value works until ${until}.`;
  return `The old value works until ${retireAfterFirstUse} seconds after the first use of the new one, and no later than ${until}.`;
}

async function revoke(shell: Shell, id: number): Promise<void> {
  const children = await withServices(shell, async (services) => {
    await services.get(ApiKeysService).revoke(OPERATOR, id, null);
    return services.get(ChildrenService).liveIdsOf(id);
  });
  shell.out(`API key ${id} is revoked.`);
  if (children.length > 0)
    shell.out(`Keys that it made still work: ${children.join(', ')}. "api-key revoke" ends them.`);
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

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,15}$/.test(text)) throw new InvalidArgumentError('It must be a positive whole number.');
  return Number(text);
}

function seconds(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

function severalNumbers(text: string, earlier: readonly number[] | undefined): number[] {
  return [...(earlier ?? []), wholeNumber(text)];
}
