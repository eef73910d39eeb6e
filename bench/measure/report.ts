import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import type { Stage } from '../systems/stage.ts';
import type { Probe } from './probes.ts';
import type { Comparison, Effort, Run } from './run.ts';
import type { Goal, Scenario } from './scenario.ts';

const FILE = join(import.meta.dirname, '../results.json');

export type Result = Comparison & Pick<Scenario, 'name' | 'title' | 'goal'>;

const HEAD = [
  'scenario',
  '÷',
  'goal',
  '',
  'req/s',
  'base',
  'p50 ms',
  'p99 ms',
  'p99 ÷',
  'CPU µs',
  'base',
  'CPU ÷',
  'DB µs',
  'base',
  'SQL',
];
const WIDTHS = [48, 6, 7, 4, 8, 8, 8, 8, 6, 7, 7, 6, 7, 7, 6];

export function printHead(): void {
  print(HEAD);
}

export function printResult({ title, goal, subject, baseline, ratio }: Result): void {
  const figure = ratio && goal ? ratio[goal.figure] : ratio?.throughput;
  print([
    title,
    number(figure, 2),
    goalText(goal),
    verdict(figure, goal),
    ...[number(subject.perSecond, 0), number(baseline?.perSecond, 0), number(subject.p50, 2), number(subject.p99, 2)],
    ...[number(ratio?.p99, 2), number(subject.cpu, 0), number(baseline?.cpu, 0)],
    ...[number(ratio && 1 / ratio.cpu, 2), number(subject.databaseCpu, 0), number(baseline?.databaseCpu, 0)],
    number(subject.statements, 2),
  ]);
}

export function printProbe({ title, value, unit, most }: Probe): void {
  const goal: Goal | null = most === null ? null : { figure: 'throughput', most };
  const text = number(value, DIGITS[unit] ?? 0);
  print([title, text, most === null ? '' : `≤ ${most}`, verdict(value, goal), unit]);
}

function print(cells: readonly string[]): void {
  const line = cells.map((cell, index) => {
    const width = WIDTHS[index] ?? 8;
    return index === 0 ? cell.padEnd(width) : cell.padStart(width);
  });
  console.log(line.join(' ').trimEnd());
}

function goalText(goal: Goal | null): string {
  if (!goal) return '';
  return goal.least === undefined ? `≤ ${goal.most}` : `≥ ${goal.least.toFixed(2)}`;
}

function verdict(value: number | undefined, goal: Goal | null): string {
  if (!goal || value === undefined) return '';
  return value >= (goal.least ?? -Infinity) && value <= (goal.most ?? Infinity) ? 'ok' : 'MISS';
}

function number(value: number | null | undefined, digits: number): string {
  return value === null || value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits);
}

const DIGITS: Readonly<Record<string, number>> = { '×': 2, '/s': 1, ms: 1 };

/** Rough or partial figures say so in the file. */
interface How extends Effort {
  readonly isQuick: boolean;
  readonly only: readonly string[] | null;
}

export interface Outcome {
  readonly results: readonly Result[];
  readonly probes: readonly Probe[];
}

/** What was measured, where and how, for whoever compares it with an earlier one. */
export function writeResults(stage: Stage, how: How, { results, probes }: Outcome): void {
  const machine = {
    node: process.version,
    mariadb: stage.database.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    pinned: stage.cores.text,
  };
  const scenarios = results.map(({ name, goal, subject, baseline, ratio }) => ({
    name,
    goal,
    ratio: ratio && rounded(ratio),
    subject: shown(subject),
    baseline: baseline && shown(baseline),
  }));
  const figures = probes.map(({ name, value, unit, most }) => ({ name, value: round(value), unit, most }));
  const content = { measured: new Date().toISOString(), machine, how, scenarios, figures };
  writeFileSync(FILE, `${JSON.stringify(content, null, 2)}\n`);
}

function shown({ perSecond, p50, p99, max, cpu, databaseCpu, statements }: Run): Record<string, number | null> {
  return rounded({ perSecond, p50, p99, max, cpu, databaseCpu, statements });
}

function rounded(values: object): Record<string, number | null> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(Number(value))]));
}

/** Three digits say all that such a figure knows. */
function round(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : null;
}
