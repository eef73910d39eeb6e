import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { KeyPeppersService, type PepperUse } from '../api-keys/pepper/key-peppers.service.js';
import type { Services } from '../app.setup.js';
import { AuditService } from '../audit/audit.service.js';
import { PepperRotationService } from '../platform/pepper/pepper-rotation.service.js';
import { freshPepper } from '../platform/secrets/pepper.js';
import { REFRESH_MS, Secrets } from '../platform/secrets/secrets.service.js';
import { OPERATOR, type Shell, withServices } from './shell.js';
import { table } from './table.js';

/** Every running server has read the file again by then, also one that was busy the first time. */
const SETTLED_MS = 3 * REFRESH_MS;

const STATUS_EXAMPLES = `
Example:
  npm run cli -- pepper status

A key moves to the current version at its next use. An old version must be kept while keys remain on it, and for as long
as the audit log holds records that were sealed under it: without it "audit verify" calls them changed.`;

const ROTATE_EXAMPLES = `
Examples:
  npm run cli -- pepper rotate
  npm run cli -- pepper status

No key is refused and nobody is signed out: the old version stays in the file. A running server need not be restarted.
With CRM_SECRET_PEPPER set nothing is changed; the two steps for its nodes are printed instead. A version that is newer
than the current one counts as a rotation that was interrupted, and is taken up again.`;

export function addPepper(root: Command, shell: Shell): void {
  const pepper = root.command('pepper').description('the secret under which keys are kept as digests');
  pepper
    .command('status')
    .description('show its versions, and how many keys remain on each')
    .addHelpText('after', STATUS_EXAMPLES)
    .action(() => withServices(shell, (services) => status(shell, services)));
  pepper
    .command('rotate')
    .description('make digests under a new version from now on')
    .addHelpText('after', ROTATE_EXAMPLES)
    .action(() => withServices(shell, (services) => (isFromEnvironment(services) ? explain : rotate)(shell, services)));
}

async function status(shell: Shell, services: Services): Promise<void> {
  const secrets = services.get(Secrets);
  const uses = await services.get(KeyPeppersService).uses();
  const used = uses.map(({ version }) => version);
  const missing = used.filter((version) => !secrets.hasPepper(version));
  const rows = [...secrets.pepperVersions, ...missing].map((version) => rowOf(version, secrets, uses));
  shell.out(`Pepper of ${secrets.pepperSource}:`);
  shell.out(table([['version', 'state', 'keys', 'old values', 'expired keys'], ...rows]));
  const older = uses.filter(({ version }) => version !== secrets.pepperVersion);
  const keys = older.reduce((sum, use) => sum + use.keys, 0);
  const oldValues = older.reduce((sum, use) => sum + use.oldValues, 0);
  shell.out(`Remaining on other versions than ${secrets.pepperVersion}: ${keys} keys, ${oldValues} old values.`);
  if (keys > 0) shell.out('Each key moves at its next use; an old value that is being replaced ends by itself.');
  if (secrets.pepperVersions.length > 1) {
    shell.out(
      'Keep a version while anything remains on it, and while the audit log holds records that were sealed under it.',
    );
  }
  const waiting = services.get(PepperRotationService).waiting();
  if (waiting !== null) shell.out(`The rotation to version ${waiting} is not finished: run "pepper rotate".`);
}

function rowOf(version: number, secrets: Secrets, uses: readonly PepperUse[]): string[] {
  const known = secrets.hasPepper(version) ? 'known' : 'MISSING';
  const state = version === secrets.pepperVersion ? 'current' : known;
  const { keys = 0, oldValues = 0, expiredKeys = 0 } = uses.find((use) => use.version === version) ?? {};
  return [String(version), state, String(keys), String(oldValues), String(expiredKeys)];
}

function isFromEnvironment({ foundation }: Services): boolean {
  return foundation.config.current.environment.secretPepper !== null;
}

async function rotate(shell: Shell, services: Services): Promise<void> {
  const rotation = services.get(PepperRotationService);
  const secrets = services.get(Secrets);
  const before = secrets.pepperVersion;
  const version = await rotation.begin();
  await record(services, 'pepper.added', { version });
  shell.out(`1. Version ${version} stands in ${secrets.pepperSource}. Every server learns it before any uses it …`);
  await pause(SETTLED_MS);
  await rotation.end(version);
  await record(services, 'pepper.rotated', { version, before });
  shell.out(`2. Version ${version} is current; version ${before} stays known.`);
  await status(shell, services);
}

async function record(services: Services, event: string, after: Record<string, number>): Promise<void> {
  await services.get(AuditService).recordSecurity({ event, subject: null, after }, OPERATOR);
}

/** The environment belongs to the operator: nothing but a fresh secret is printed of it, and nothing is changed. */
async function explain(shell: Shell, services: Services): Promise<void> {
  const rotation = services.get(PepperRotationService);
  const waiting = rotation.waiting();
  const version = waiting ?? (await rotation.nextVersion());
  const last = [
    `On every node, move the entry of version ${version} to the front, and restart one node after the other:`,
    `     CRM_SECRET_PEPPER=${version}:<its secret>,<the other entries as they are>`,
  ];
  const lines =
    waiting !== null
      ? [`Version ${version} is known here, and not yet current. Once every node knows it:`, '', ...last]
      : [
          'Two rounds, so that no node ever meets a key that it cannot recognise:',
          '',
          `1. On every node, add this new entry at the end of CRM_SECRET_PEPPER (shown only now: keep it), and restart one`,
          '   node after the other:',
          `     CRM_SECRET_PEPPER=<the entries as they are>,${version}:${freshPepper()}`,
          `2. ${last[0]}`,
          ...last.slice(1),
        ];
  shell.out('CRM_SECRET_PEPPER is set, so nothing was changed here.');
  shell.out(
    [...lines, '', 'An entry without a number is version 1. "pepper status" tells how many keys remain.'].join('\n'),
  );
}
