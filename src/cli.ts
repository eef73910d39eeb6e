import 'reflect-metadata';
import { assertNodeVersion } from './node-version.js';
import { usePackedPackages } from './packed-packages.js';

assertNodeVersion();
usePackedPackages(new URL('../', import.meta.url));
// Loaded only now: native add-ons crash an older Node before it can say a word.
const { runCommand } = await import('./cli/program.js');
const { processShell } = await import('./cli/shell.js');
// What a command writes belongs to the server alone, as what the server itself writes.
process.umask(0o077);
process.exitCode = await runCommand(process.argv.slice(2), processShell());
