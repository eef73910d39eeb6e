/** One line of a family. */
export interface Sample {
  /** What a histogram adds to the family's name, e.g. `_bucket`. */
  readonly suffix?: string;
  /** As `labelText` made it. */
  readonly labels?: string;
  readonly value: number;
}

export interface Family {
  /** By the conventions of Prometheus: base units, `_total` for what only grows. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence for the operator. */
  readonly help: string;
  readonly labels?: readonly string[];
}

/** `route="/crm/customers",method="GET"`. Made once for a series, not at each scrape. */
export function labelText(labels: Readonly<Record<string, string | number>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escaped(String(value)).replaceAll('"', '\\"')}"`)
    .join(',');
}

/** The text of one family in the exposition format 0.0.4; nothing at all where there is nothing to tell. */
export function familyText({ name, type, help }: Family, samples: readonly Sample[]): string {
  if (samples.length === 0) return '';
  const lines = [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} ${type}`];
  for (const { suffix = '', labels = '', value } of samples) {
    lines.push(`${name}${suffix}${labels === '' ? '' : `{${labels}}`} ${numberText(value)}`);
  }
  return `${lines.join('\n')}\n`;
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : `${value > 0 ? '+' : '-'}Inf`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
