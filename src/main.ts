import 'reflect-metadata';
import { assertNodeVersion } from './node-version.js';
import { usePackedPackages } from './packed-packages.js';

assertNodeVersion();
usePackedPackages(new URL('../', import.meta.url));
// Loaded only now: native add-ons crash an older Node before it can say a word.
const { start } = await import('./start.js');
await start();
