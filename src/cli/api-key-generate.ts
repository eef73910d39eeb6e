import type { Command } from 'commander';
import { ConfigError } from '../platform/config/config-problem.js';
import { generateKey } from '../platform/secrets/key-format.js';
import { configOf, several, type Shell } from './shell.js';

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

Nothing is stored: paste the lines into crm_config.yaml. Without --role they grant ${DEFAULT_ROLE}.
Names are not looked up here, for that takes the database: "config check", and the start, tell unknown ones.`;

export function addGenerate(apiKey: Command, shell: Shell): void {
  apiKey
    .command('generate')
    .description('print a fresh key with its lines for crm_config.yaml; needs no database')
    .option('--role <name>', 'name of a role or permission; may be repeated', several)
    .option('--description <text>', 'whose key it is')
    .addHelpText('after', GENERATE_EXAMPLES)
    .action((options: GenerateOptions) => generate(shell, options));
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
