import type { Figures, Pace, Request } from '../machine/wrk.ts';
import type { Stage, SystemName } from '../systems/stage.ts';
import { median } from './statistics.ts';

export interface Target {
  readonly system: SystemName;
  /** What to ask; made anew for each run, for tokens expire. */
  readonly request: () => Promise<Request> | Request;
  /** Every answer is a refusal, as it should be. */
  readonly isRefused?: boolean;
}

/** One run of one system. CPU in microseconds per request; NaN where the machine does not tell. */
export interface Run extends Figures {
  readonly perSecond: number;
  readonly cpu: number;
  readonly databaseCpu: number;
  /** Statements that reached the database, per request, whoever sent them. */
  readonly statements: number;
}

async function run(stage: Stage, target: Target, pace: Pace): Promise<Run> {
  const server = await stage.server(target.system);
  const request = await target.request();
  const [cpu, databaseCpu, statements] = [
    server.cpuMillis(),
    stage.database.cpuMillis(),
    await stage.database.questions(),
  ];
  const figures = await stage.load.ask(server.url, request, pace);
  const asked = Math.max(1, figures.requests);
  const measured = {
    ...figures,
    perSecond: figures.requests / figures.seconds,
    cpu: ((server.cpuMillis() - cpu) * 1_000) / asked,
    databaseCpu: ((stage.database.cpuMillis() - databaseCpu) * 1_000) / asked,
    statements: ((await stage.database.questions()) - statements - 1) / asked,
  };
  assertAsExpected(measured, request, target.isRefused ?? false);
  return measured;
}

/** A figure of wrong answers is no figure. */
function assertAsExpected({ requests, refused, broken }: Figures, request: Request, isRefused: boolean): void {
  const expected = isRefused ? requests : 0;
  // The last answers of a run may be counted on one side only.
  const isOff = Math.abs(refused - expected) > Math.max(64, requests / 1_000) || (!isRefused && refused > 0);
  if (isOff || broken > 0 || requests === 0) {
    const path = `${request.method ?? 'GET'} ${request.path}`;
    throw new Error(`${path}: of ${requests} requests ${refused} were refused and ${broken} broke`);
  }
}

export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
}

export interface Comparison {
  readonly subject: Run;
  readonly baseline: Run | null;
  /** Medians over the rounds of subject ÷ baseline. */
  readonly ratio: Ratio | null;
}

export interface Ratio {
  /** Higher is better. */
  readonly throughput: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
}

/** What a just-started server needs until its code is compiled, and a warm one until its caches know the question. */
const WARM_UP = { first: 8, next: 1 };

/** A round is asked in turns of so many seconds: the less time lies between two systems, the more alike is the machine. */
const TURN = 2;

/**
 * All by turns, each first in some of them: what happens to the machine meanwhile happens to all of them. One ratio per
 * subject and round, to the baseline's run of the same round.
 */
export async function compare(
  stage: Stage,
  { subjects, baseline }: { subjects: readonly Target[]; baseline: Target | null },
  { rounds, seconds }: Effort,
): Promise<Comparison[]> {
  const targets = baseline ? [...subjects, baseline] : [...subjects];
  const runs = new Map<Target, Run[]>(targets.map((target) => [target, []]));
  for (const target of targets) await warmUp(stage, target);
  for (let round = 0; round < rounds; round += 1) {
    const turns = new Map<Target, Run[]>(targets.map((target) => [target, []]));
    for (let left = seconds; left > 0; left -= TURN) {
      const turn = { seconds: Math.min(TURN, left) };
      for (const target of targets) turns.get(target)?.push(await run(stage, target, turn));
      targets.push(...targets.splice(0, 1));
    }
    for (const [target, made] of turns) runs.get(target)?.push(together(made));
  }
  const other = baseline && (runs.get(baseline) ?? []);
  return subjects.map((subject) => {
    const own = runs.get(subject) ?? [];
    return { subject: middle(own), baseline: other && middle(other), ratio: other && ratioOf(own, other) };
  });
}

async function warmUp(stage: Stage, target: Target): Promise<void> {
  const isFirst = !stage.isWarm.has(target.system);
  stage.isWarm.add(target.system);
  await run(stage, target, { seconds: isFirst ? WARM_UP.first : WARM_UP.next });
}

function ratioOf(own: readonly Run[], other: readonly Run[]): Ratio {
  const of = (name: 'perSecond' | 'p50' | 'p99' | 'cpu'): number =>
    median(own.map((it, round) => it[name] / (other[round]?.[name] ?? NaN)));
  return { throughput: of('perSecond'), p50: of('p50'), p99: of('p99'), cpu: of('cpu') };
}

/** One round of its turns. Percentiles are the median turn's, for what they were made of is not told. */
function together(turns: readonly Run[]): Run {
  const sum = (of: (turn: Run) => number): number => turns.reduce((total, turn) => total + of(turn), 0);
  const [requests, seconds] = [sum((turn) => turn.requests), sum((turn) => turn.seconds)];
  const perRequest = (name: 'cpu' | 'databaseCpu' | 'statements'): number =>
    sum((turn) => turn[name] * turn.requests) / requests;
  return {
    ...middle(turns),
    requests,
    seconds,
    perSecond: requests / seconds,
    max: Math.max(...turns.map((turn) => turn.max)),
    refused: sum((turn) => turn.refused),
    broken: sum((turn) => turn.broken),
    cpu: perRequest('cpu'),
    databaseCpu: perRequest('databaseCpu'),
    statements: perRequest('statements'),
  };
}

/** The median of each figure. */
function middle(runs: readonly Run[]): Run {
  const names = Object.keys(runs[0] ?? {}) as (keyof Run)[];
  return Object.fromEntries(names.map((name) => [name, median(runs.map((it) => it[name]))])) as unknown as Run;
}
