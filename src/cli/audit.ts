import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Checkpoint } from '../audit/chain/chain-links.js';
import { checkpointOf, VerifyQuery } from '../audit/chain/chain.dto.js';
import { ChainService } from '../audit/chain/chain.service.js';
import { checked, CommandFailed, type Shell, withServices } from './shell.js';

const VERIFY_EXAMPLES = `
Examples:
  npm run cli -- audit verify
  npm run cli -- audit verify --checkpoint checkpoint.json

Exit status 1 when an entry was changed, is missing or was cut off; the first one is named.`;

const CHECKPOINT_EXAMPLES = `
Example:
  npm run cli --silent -- audit checkpoint > checkpoint.json

Keep it where nobody who could change this database can change it.`;

export function addAudit(root: Command, shell: Shell): void {
  const audit = root.command('audit').description('the audit log');
  audit
    .command('verify')
    .description('check that no change record was changed, removed or cut off')
    .option('--checkpoint <file>', 'a checkpoint that was kept: the chain must hold it')
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(({ checkpoint }: { checkpoint?: string }) => verify(shell, checkpoint));
  audit
    .command('checkpoint')
    .description('print the end of the chain, signed')
    .addHelpText('after', CHECKPOINT_EXAMPLES)
    .action(() => printCheckpoint(shell));
}

async function verify(shell: Shell, file: string | undefined): Promise<void> {
  const checkpoint = file === undefined ? undefined : readCheckpoint(file);
  await withServices(shell, async (services) => {
    const { checked: count, firstBroken } = await services.get(ChainService).verify(checkpoint);
    if (!firstBroken) {
      shell.out(`All ${count} change records are as they were written.`);
      return;
    }
    const { auditId, reason } = firstBroken;
    throw new CommandFailed(`The chain is broken${auditId === null ? '' : ` at audit entry ${auditId}`}: ${reason}.`);
  });
}

async function printCheckpoint(shell: Shell): Promise<void> {
  await withServices(shell, async (services) => {
    shell.out(JSON.stringify(await services.get(ChainService).checkpoint()));
  });
}

/** A file that holds none is an error: checking without it would say that all is well. */
function readCheckpoint(file: string): Checkpoint {
  const checkpoint = checkpointOf(checked(VerifyQuery, readJson(file)));
  if (!checkpoint) throw new CommandFailed(`There is no checkpoint in ${file}: make one with "audit checkpoint".`);
  return checkpoint;
}

function readJson(file: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    throw new CommandFailed(`Cannot read the checkpoint: ${(error as Error).message}`);
  }
}
