import 'reflect-metadata';
import { assertNodeVersion } from './node-version.js';

assertNodeVersion();
// Loaded only now: native add-ons crash an older Node before it can say a word.
const { start } = await import('./start.js');
await start();
