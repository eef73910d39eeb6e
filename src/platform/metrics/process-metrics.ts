import { collectDefaultMetrics, Registry } from 'prom-client';
import { type Family, familyText, labelText } from './exposition.js';

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
 * Processor, memory, event loop, garbage collection and handles, under the names that every dashboard for Node knows. They
 * watch the process as a whole and cannot be taken back, so they begin once, when the first server of the process does.
 */
export function watchProcess(): Registry {
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
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
