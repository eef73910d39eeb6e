import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { createServices, lay } from '../app.setup.js';
import { entities } from '../entities.js';
import { reasonOf } from '../failure.js';
import { fileSource } from '../platform/config/config.source.js';
import { ConfigError } from '../platform/config/config-problem.js';
import type { Variables } from '../platform/config/environment.js';
import { LiveConfig } from '../platform/config/live-config.js';
import { migrationStatus } from '../platform/database/open-database.js';
import type { Shell } from './shell.js';

const EXAMPLES = `
Examples:
  npm run cli -- config check
  npm run cli -- config check /etc/omnicrm/crm_config.yaml

Lists every problem at once, with line and path, and never a key. Names of roles are looked up in the database where it
can be reached; while there is none yet, in the roles that the first start would make.`;

export function addConfig(root: Command, shell: Shell): void {
  root
    .command('config')
    .description('crm_config.yaml and the environment')
    .command('check')
    .description('say what the server would say about its settings, without starting it')
    .argument('[file]', 'the file to check; else the one that the server would read')
    .addHelpText('after', EXAMPLES)
    .action((file: string | undefined) => check(shell, file));
}

async function check(shell: Shell, file: string | undefined): Promise<void> {
  const environment = file === undefined ? shell.environment : { ...shell.environment, CRM_CONFIG_FILE: file };
  const source = fileSource(environment);
  const config = LiveConfig.fromSource(source);
  const remark = await checkRoles(config, environment);
  for (const warning of config.current.warnings) shell.out(`Warning: ${warning}`);
  if (remark !== null) shell.out(`Names of roles were not checked: ${remark}`);
  shell.out(`ok: ${config.current.environment.configFile ?? 'no file, built-in defaults'}`);
}

/** The second pass, which needs the roles. Answers why it was not made, or null; throws what it found. */
async function checkRoles(config: LiveConfig, environment: Variables): Promise<string | null> {
  try {
    const { isThere, pending } = await migrationStatus(config.current.environment, entities);
    if (!isThere) {
      await onEmptyDatabase(environment, verify);
      return null;
    }
    if (pending.length > 0) return `${pending.length} migrations are waiting ("db migrate").`;
    await verify(config);
    return null;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return reasonOf(error);
  }
}

async function verify(config: LiveConfig): Promise<void> {
  const services = await createServices(await lay(config), false);
  try {
    await config.verify();
  } finally {
    await services.close();
  }
}

/** A database that lives as long as the check. */
async function onEmptyDatabase(environment: Variables, work: (config: LiveConfig) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'omnicrm-'));
  try {
    const elsewhere = { ...environment, CRM_DATA_DIR: folder, CRM_DATABASE_URL: '', CRM_JWT_KEYS_FILE: '' };
    await work(LiveConfig.fromSource(fileSource(elsewhere)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
