import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { type Family, familyText, type Sample } from './exposition.js';
import { processFamilies, processTexts, watchProcess } from './process-metrics.js';

/** A number, or a line for each combination of labels; null where it cannot be told now. */
type Reading = number | readonly Sample[] | null;

/** A family whose numbers somebody has: they are read when a scrape comes, so reading them must cost next to nothing. */
export interface MetricSource extends Family {
  readonly read: () => Reading | Promise<Reading>;
}

/** Collects what every floor can tell in numbers, and says it in the words of Prometheus. It knows none of those floors. */
@Injectable()
export class Metrics implements OnApplicationBootstrap {
  private readonly sources = new Map<string, MetricSource>();

  /** Of a server only: the command line has nobody who would ask. */
  onApplicationBootstrap(): void {
    watchProcess();
  }

  register(...sources: readonly MetricSource[]): void {
    for (const source of sources) {
      if (this.sources.has(source.name)) throw new Error(`there are two metrics ${source.name}`);
      this.sources.set(source.name, source);
    }
  }

  /** The exposition format 0.0.4. */
  async text(): Promise<string> {
    const own = [...this.sources.values()].map(async (source) => familyText(source, samplesOf(await source.read())));
    const texts = [...(await Promise.all(own)), ...(await processTexts())];
    return texts.join('');
  }

  /** Every family, by name: the source of docs/metrics.md. */
  families(): Family[] {
    return [...this.sources.values(), ...processFamilies()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function samplesOf(reading: Reading): readonly Sample[] {
  if (reading === null) return [];
  return typeof reading === 'number' ? [{ value: reading }] : reading;
}
