/** What `node --cpu-prof` writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

export interface Share {
  readonly name: string;
  readonly micros: number;
}

export interface Shares {
  /** Packages, our own files, and what Node and V8 do themselves. */
  readonly places: Share[];
  readonly functions: Share[];
}

/** Own time, without idling, of everything from this moment (microseconds since the start) on; largest first. */
export function sharesOf(profile: CpuProfile, from: number): Shares {
  const frames = new Map(profile.nodes.map((node) => [node.id, node.callFrame]));
  const places = new Map<string, number>();
  const functions = new Map<string, number>();
  let at = 0;
  profile.samples.forEach((id, index) => {
    const micros = profile.timeDeltas[index] ?? 0;
    at += micros;
    const frame = frames.get(id);
    if (!frame || at < from || frame.functionName === '(idle)') return;
    const place = placeOf(frame);
    add(places, place, micros);
    add(functions, `${frame.functionName || '(anonymous)'}  ${place}:${frame.lineNumber + 1}`, micros);
  });
  return { places: sorted(places), functions: sorted(functions) };
}

function placeOf({ url, functionName }: CallFrame): string {
  const own = /\/dist\/src\/(.+)\.js$/.exec(url)?.[1];
  if (own !== undefined) return `src/${own}.ts`;
  const packed = /\/dist\/(packages\/.+)\.mjs$/.exec(url)?.[1];
  if (packed !== undefined) return packed;
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (installed !== undefined) return installed;
  return url === '' ? functionName : url;
}

function add(sums: Map<string, number>, name: string, micros: number): void {
  sums.set(name, (sums.get(name) ?? 0) + micros);
}

function sorted(sums: ReadonlyMap<string, number>): Share[] {
  return [...sums].map(([name, micros]) => ({ name, micros })).sort((a, b) => b.micros - a.micros);
}
