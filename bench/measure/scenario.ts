import type { Target } from './run.ts';

/** What a comparison must reach. */
export interface Goal {
  readonly figure: 'throughput' | 'p50';
  readonly least?: number;
  readonly most?: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly goal: Goal | null;
  readonly subject: Target;
  readonly baseline: Target | null;
  /** Left out of a quick run: it needs a million customers, or says little in seconds. */
  readonly isLong?: boolean;
}
