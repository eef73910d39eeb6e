import type { Command } from 'commander';
import { entities } from '../entities.js';
import { migrationStatus, openDatabase } from '../platform/database/open-database.js';
import { CommandFailed, configOf, type Shell } from './shell.js';

const MIGRATE_EXAMPLES = `
Examples:
  npm run cli -- db migrate
  CRM_DATABASE_URL=mysql://crm:…@db.internal:3306/crm npm run cli -- db migrate

The server does the same at its start. Doing it here first shows what would go wrong while the old version still runs.`;

const STATUS_EXAMPLES = `
Example:
  npm run cli -- db status

Changes nothing. Exit status 1 when migrations are waiting, or when the database belongs to a newer version.`;

export function addDb(root: Command, shell: Shell): void {
  const db = root.command('db').description('the database');
  db.command('migrate')
    .description('bring the database to the schema of this version')
    .addHelpText('after', MIGRATE_EXAMPLES)
    .action(() => migrate(shell));
  db.command('status')
    .description('show which migrations were run and which are waiting')
    .addHelpText('after', STATUS_EXAMPLES)
    .action(() => status(shell));
}

async function migrate(shell: Shell): Promise<void> {
  const { environment } = configOf(shell).current;
  const { place, pending } = await migrationStatus(environment, entities);
  const database = await openDatabase(environment, entities);
  await database.close();
  if (pending.length === 0) shell.out(`Nothing to do: ${place} is up to date.`);
  else shell.out([`${place} is up to date now. Migrations run:`, ...pending.map((name) => `  ${name}`)].join('\n'));
}

async function status(shell: Shell): Promise<void> {
  const { place, isThere, applied, pending, unknown } = await migrationStatus(
    configOf(shell).current.environment,
    entities,
  );
  const lines = [
    isThere ? place : `${place}: there is no database yet`,
    ...applied.map((name) => `  done     ${name}`),
    ...pending.map((name) => `  waiting  ${name}`),
    ...unknown.map((name) => `  unknown  ${name}`),
  ];
  shell.out(lines.join('\n'));
  if (unknown.length > 0) throw new CommandFailed('The database belongs to a newer version of this program.');
  if (pending.length > 0) throw new CommandFailed(`${pending.length} migrations are waiting: run "db migrate".`);
}
