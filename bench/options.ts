import { parseArgs } from 'node:util';

export interface Options {
  readonly only: readonly string[] | null;
  readonly isQuick: boolean;
  readonly task: 'measure' | 'profile' | 'plans' | 'help';
}

export const HELP = `npm run bench -- [--quick] [--only NAME[,NAME...]] [--profile | --plans]

Measures the built product against the bare limit of this machine, on a private MariaDB, and writes bench/results.json.
What each figure means, and what to do when one drops: docs/how-to/measure.md

  --quick     under three minutes: shorter runs, nothing with a million customers and nothing that needs long ones
  --only      these scenarios and figures alone, separated by commas
  --profile   where the product's time goes, by package and by file, in one scenario (--only; list-key without it)
  --plans     how both databases find what each list, filter and sort asks for; writes bench/plans.md
  --help      this`;

/** Throws a sentence for whoever typed something else. */
export function optionsOf(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      quick: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
      plans: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.profile && values.plans) throw new Error('--profile and --plans are two tasks: ask for one of them.');
  const task = values.help ? 'help' : values.profile ? 'profile' : values.plans ? 'plans' : 'measure';
  return { only: values.only?.split(',') ?? null, isQuick: values.quick, task };
}
