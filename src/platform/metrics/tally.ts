import { labelText, type Sample } from './exposition.js';

/**
 * Counts by words what happens rarely enough for a string to be made each time. The words come from the program, never from
 * a client: each combination is a series that Prometheus keeps for as long as it keeps anything.
 */
export class Tally<Label extends string> {
  private readonly counts = new Map<string, number>();
  /** By the labels' values: a series' text is made once. */
  private readonly texts = new Map<string, string>();

  /** Those of `known` are told from the start as 0: of a series that begins with 1 Prometheus sees no increase. */
  constructor(known: readonly Readonly<Record<Label, string>>[] = []) {
    for (const labels of known) this.counts.set(labelText(labels), 0);
  }

  count(labels: Readonly<Record<Label, string>>): void {
    const text = this.textOf(labels);
    this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
  }

  private textOf(labels: Readonly<Record<Label, string>>): string {
    const values = Object.values<string>(labels).join('\n');
    let text = this.texts.get(values);
    if (text === undefined) this.texts.set(values, (text = labelText(labels)));
    return text;
  }

  samples(): Sample[] {
    return [...this.counts].map(([labels, value]) => ({ labels, value }));
  }
}
