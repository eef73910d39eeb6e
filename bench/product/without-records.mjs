// node --import …/without-records.mjs dist/src/main.js
// The product as it is, but for what keeps access records, last uses and metrics: what they cost is the difference.
// It replaces the modules while they are loaded, so the product needs no switch for it.
import { registerHooks } from 'node:module';

const SOURCES = {
  'audit/access-log.hook.js': `
    export const ANSWERED_UNROUTED = 'crm:answered-unrouted';
    export function keepAccessLog() {}
  `,
  'request-metrics.hook.js': 'export function countRequests() {}',
  'platform/metrics/process-metrics.js': `
    export function watchProcess() {}
    export const processFamilies = () => [];
    export const processTexts = async () => [];
  `,
};

registerHooks({
  load: (url, context, next) => {
    const [, name = ''] = /\/dist\/src\/(.+)$/.exec(url) ?? [];
    const source = SOURCES[name];
    return source === undefined ? next(url, context) : { format: 'module', source, shortCircuit: true };
  },
});
