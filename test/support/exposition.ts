/** What a scrape told: the families with their types, and every line by its name and labels as they stand there. */
export interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  readonly values: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?|Inf)|NaN';
const SAMPLE = new RegExp(`^(${NAME}(?:\\{${LABEL}(?:,${LABEL})*\\})?) (${NUMBER})$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary)$`);
const HELP = new RegExp(`^# HELP ${NAME} .+$`);

/** Reads the exposition format 0.0.4 and believes nothing: a line that does not fit is an error that shows it. */
export function parseExposition(text: string): Scrape {
  const types = new Map<string, string>();
  const values = new Map<string, number>();
  let family = '';
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  for (const line of text.split('\n')) {
    const [, name, type] = TYPE.exec(line) ?? [];
    const [, series, number] = SAMPLE.exec(line) ?? [];
    if (name !== undefined && type !== undefined) {
      if (types.has(name)) throw new Error(`${name} has two types`);
      types.set((family = name), type);
    } else if (series !== undefined && number !== undefined) {
      const suffix = series.replace(/\{.*$/, '').slice(family.length);
      if (!series.startsWith(family) || !isSuffixOf(types.get(family), suffix))
        throw new Error(`not of ${family}: ${line}`);
      if (values.has(series)) throw new Error(`twice: ${series}`);
      values.set(series, Number(number.replace('Inf', 'Infinity')));
    } else if (line !== '' && !HELP.test(line)) {
      throw new Error(`no line of the format: ${line}`);
    }
  }
  return { types, values };
}

function isSuffixOf(type: string | undefined, suffix: string): boolean {
  return suffix === '' ? type !== 'histogram' : type === 'histogram' && /^_(?:bucket|sum|count)$/.test(suffix);
}

/** The histograms of a scrape, each as its buckets in order of their bounds, and what is said to be their sum. */
export function histogramsOf({ types, values }: Scrape): { buckets: number[]; count: number | undefined }[] {
  const found = new Map<string, { bounds: [number, number][]; count: number | undefined }>();
  for (const [series, value] of values) {
    const [, name = '', labels = ''] = /^(.*)_bucket\{(.*)\}$/.exec(series) ?? [];
    if (types.get(name) !== 'histogram') continue;
    const [, bound = ''] = /(?:^|,)le="([^"]*)"/.exec(labels) ?? [];
    const others = labels.replace(/(?:^|,)le="[^"]*"/, '').replace(/^,/, '');
    const key = `${name}_count${others === '' ? '' : `{${others}}`}`;
    const one = found.get(key) ?? { bounds: [], count: values.get(key) };
    one.bounds.push([Number(bound.replace('+Inf', 'Infinity')), value]);
    found.set(key, one);
  }
  return [...found.values()].map(({ bounds, count }) => ({
    buckets: bounds.sort(([a], [b]) => a - b).map(([, value]) => value),
    count,
  }));
}
