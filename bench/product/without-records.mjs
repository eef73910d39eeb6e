// node --import …/without-records.mjs dist/src/main.js
// The product as it is, but for the hook that keeps access records and last uses: what the two cost is the difference.
// It replaces the module while it is loaded, so the product needs no switch for it.
import { registerHooks } from 'node:module';

const SOURCE = `
export const ANSWERED_UNROUTED = 'crm:answered-unrouted';
export function keepAccessLog() {}
`;

registerHooks({
  load: (url, context, next) =>
    url.endsWith('/dist/src/audit/access-log.hook.js')
      ? { format: 'module', source: SOURCE, shortCircuit: true }
      : next(url, context),
});
