import { Command, CommanderError } from 'commander';
import { reasonOf } from '../failure.js';
import { addAdmin } from './admin.js';
import { addApiKey } from './api-key.js';
import { addAudit } from './audit.js';
import { addConfig } from './config.js';
import { addDb } from './db.js';
import { addDemo } from './demo.js';
import { addJwtKeys } from './jwt-keys.js';
import { addPepper } from './pepper.js';
import type { Shell } from './shell.js';

const DONE = 0;
const FAILED = 1;
const MISUSED = 2;

const ABOUT = `Looks after OmniCRM from the machine it runs on. Uses the same settings as the server: the environment (CRM_*) and
crm_config.yaml. Every change is audited; a server may be running meanwhile.`;

const EPILOGUE = `
Exit status: 0 done, 1 could not be done (one line on standard error says why), 2 wrong use.`;

/** Runs one command line and answers its exit status. Never throws, never ends the process. */
export async function runCommand(args: readonly string[], shell: Shell): Promise<number> {
  try {
    await program(shell).parseAsync([...args], { from: 'user' });
    return DONE;
  } catch (error) {
    if (error instanceof CommanderError) return error.code === 'commander.helpDisplayed' ? DONE : MISUSED;
    shell.err(reasonOf(error));
    return FAILED;
  }
}

function program(shell: Shell): Command {
  const root = new Command('npm run cli --')
    .description(ABOUT)
    .addHelpText('after', EPILOGUE)
    .helpCommand(false)
    .showHelpAfterError('Add --help to see what is possible.')
    .configureOutput({
      writeOut: (text) => shell.out(text.trimEnd()),
      writeErr: (text) => shell.err(text.trimEnd()),
    })
    .exitOverride();
  addAdmin(root, shell);
  addApiKey(root, shell);
  addAudit(root, shell);
  addConfig(root, shell);
  addDb(root, shell);
  addJwtKeys(root, shell);
  addPepper(root, shell);
  addDemo(root, shell);
  return root;
}
