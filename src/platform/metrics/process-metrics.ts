import { Registry } from 'prom-client';
import eventLoopLag from 'prom-client/lib/metrics/eventLoopLag.js';
import heapSizeAndUsed from 'prom-client/lib/metrics/heapSizeAndUsed.js';
import heapSpacesSizeAndUsed from 'prom-client/lib/metrics/heapSpacesSizeAndUsed.js';
import osMemoryHeap from 'prom-client/lib/metrics/osMemoryHeap.js';
import processCpuTotal from 'prom-client/lib/metrics/processCpuTotal.js';
import processHandles from 'prom-client/lib/metrics/processHandles.js';
import processMaxFileDescriptors from 'prom-client/lib/metrics/processMaxFileDescriptors.js';
import processOpenFileDescriptors from 'prom-client/lib/metrics/processOpenFileDescriptors.js';
import processRequests from 'prom-client/lib/metrics/processRequests.js';
import processResources from 'prom-client/lib/metrics/processResources.js';
import processStartTime from 'prom-client/lib/metrics/processStartTime.js';
import version from 'prom-client/lib/metrics/version.js';
import { type Family, familyText, labelText } from './exposition.js';

/**
 * The library's default metrics but for those of the garbage collector: for each collection Node makes an entry and calls
 * whoever watches, at up to a twentieth of a list (docs/adr/0014). A long one shows in the event loop's lag.
 */
const WATCHED = [
  processCpuTotal,
  processStartTime,
  osMemoryHeap,
  processOpenFileDescriptors,
  processMaxFileDescriptors,
  eventLoopLag,
  processResources,
  processHandles,
  processRequests,
  heapSizeAndUsed,
  heapSpacesSizeAndUsed,
  version,
];
const LAG_RESOLUTION_MS = 10;

/** Gauges with the suffix of counters: the same numbers are there by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** As the library hands it over, of which its types say less. */
interface Collected extends Family {
  readonly values: readonly {
    readonly metricName?: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

let registry: Registry | undefined;

/**
 * Processor, memory, event loop and handles, under the names that every dashboard for Node knows. They watch the process as
 * a whole and cannot be taken back, so they begin once, when the first server of the process does.
 */
export function watchProcess(): Registry {
  if (!registry) {
    registry = new Registry();
    for (const watch of WATCHED) watch(registry, { eventLoopMonitoringPrecision: LAG_RESOLUTION_MS });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  return registry;
}

export async function processTexts(): Promise<string[]> {
  const families = (await watchProcess().getMetricsAsJSON()) as unknown as Collected[];
  return families.map((family) => {
    const samples = family.values.map(({ metricName = family.name, labels, value }) => ({
      suffix: metricName.slice(family.name.length),
      labels: labelText(labels),
      value,
    }));
    return familyText(family, samples);
  });
}

export function processFamilies(): Family[] {
  const metrics = watchProcess().getMetricsAsArray() as unknown as (Family & { labelNames: string[] })[];
  return metrics.map(({ name, type, help, labelNames }) => ({ name, type, help, labels: labelNames }));
}
