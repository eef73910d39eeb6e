import type { Command } from 'commander';
import { AuditService } from '../audit/audit.service.js';
import { jwtKeysFile } from '../platform/secrets/secrets.service.js';
import { SigningKeys } from '../platform/secrets/signing-keys.js';
import { OPERATOR, type Shell, withServices } from './shell.js';

const EXAMPLES = `
Example:
  npm run cli -- jwt-keys rotate

Nobody is signed out: tokens of the key before stay valid until they expire. A running server takes the new key over
within two seconds. With several nodes, copy the file of CRM_JWT_KEYS_FILE to each of them.`;

export function addJwtKeys(root: Command, shell: Shell): void {
  root
    .command('jwt-keys')
    .description('the keys that sign access tokens')
    .command('rotate')
    .description('sign with a new key from now on')
    .addHelpText('after', EXAMPLES)
    .action(() => rotate(shell));
}

async function rotate(shell: Shell): Promise<void> {
  const kid = await withServices(shell, async (services) => {
    const { config, clock } = services.foundation;
    const fresh = SigningKeys.rotate(jwtKeysFile(config.current.environment), clock.millis());
    const event = 'signing_key.rotated';
    await services.get(AuditService).recordSecurity({ event, subject: null, after: { kid: fresh } }, OPERATOR);
    return fresh;
  });
  shell.out(`Tokens are signed with the new key ${kid}; those signed with the one before stay valid.`);
}
