import type { Stage } from '../systems/stage.ts';
import { probeLoginTiming } from './login-timing.ts';
import { PAST_PROBES, probeExport, probeUsage } from './past.ts';
import { type Probe, probeLogin, probeMemory, PROBES, probeStart } from './probes.ts';
import { type Outcome, printHead, printProbe, printResult, type Result, writeResults } from './report.ts';
import { compare, type Effort } from './run.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

export interface Measuring {
  readonly effort: Effort;
  /** Names of scenarios and figures; null = all, or in a quick run all that are not long. */
  readonly only: readonly string[] | null;
  readonly isQuick: boolean;
}

type Wanted = (it: Pick<Scenario, 'name' | 'isLong'>) => boolean;

/** Every name that `--only` takes. */
export function names(stage: Stage): string[] {
  return [...scenarios(stage).map((it) => it.name), ...PROBES, ...PAST_PROBES];
}

export async function measure(stage: Stage, { effort, only, isQuick }: Measuring): Promise<void> {
  const isWanted: Wanted = ({ name, isLong }) => (only ? only.includes(name) : !(isQuick && isLong));
  const results: Result[] = [];
  printHead();
  for (const group of groups(scenarios(stage).filter(isWanted))) {
    const compared = await compareGroup(stage, group, effort);
    compared.forEach(printResult);
    results.push(...compared);
  }
  const outcome: Outcome = { results, probes: await probe(stage, effort, isWanted) };
  writeResults(stage, { ...effort, isQuick, only }, outcome);
}

/** Neighbours with one baseline share its runs. */
function groups(all: readonly Scenario[]): Scenario[][] {
  const made: Scenario[][] = [];
  for (const scenario of all) {
    const last = made.at(-1);
    if (last?.[0]?.baseline === scenario.baseline) last.push(scenario);
    else made.push([scenario]);
  }
  return made;
}

async function compareGroup(stage: Stage, group: readonly Scenario[], effort: Effort): Promise<Result[]> {
  const baseline = group[0]?.baseline ?? null;
  const compared = await compare(stage, { subjects: group.map((it) => it.subject), baseline }, effort);
  return group.flatMap(({ name, title, goal }, index) => {
    const comparison = compared[index];
    return comparison ? [{ name, title, goal, ...comparison }] : [];
  });
}

async function probe(stage: Stage, effort: Effort, isWanted: Wanted): Promise<Probe[]> {
  const probes: Probe[] = [];
  const note = (made: Probe): void => {
    printProbe(made);
    probes.push(made);
  };
  if (isWanted({ name: 'login' })) (await probeLogin(stage, effort)).forEach(note);
  if (isWanted({ name: 'login-timing' })) (await probeLoginTiming(stage)).forEach(note);
  if (isWanted({ name: 'memory' })) note(await probeMemory(stage, effort));
  if (isWanted({ name: 'start' })) note(await probeStart(stage));
  if (isWanted({ name: 'usage', isLong: true })) (await probeUsage(stage)).forEach(note);
  if (isWanted({ name: 'export', isLong: true })) (await probeExport(stage)).forEach(note);
  return probes;
}
