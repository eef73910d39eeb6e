import { measure, names } from './measure/measure.ts';
import { HELP, type Options, optionsOf } from './options.ts';
import { writePlans } from './plans/plans.ts';
import { profile } from './profile/profile.ts';
import { Stage } from './systems/stage.ts';

const FULL = { rounds: 5, seconds: 8 };
const QUICK = { rounds: 3, seconds: 2 };

// What was started is ended in the handlers of `exit`.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

async function perform({ task, only, isQuick }: Options): Promise<void> {
  const stage = await Stage.set();
  try {
    assertKnown(only, names(stage));
    console.log(`Node ${process.version}, MariaDB ${stage.database.version}; ${stage.cores.text}\n`);
    if (task === 'plans') await writePlans(stage);
    else if (task === 'profile') await profile(stage, only?.[0] ?? 'list-key');
    else await measure(stage, { only, isQuick, effort: isQuick ? QUICK : FULL });
  } finally {
    await stage.strike();
  }
}

function assertKnown(asked: readonly string[] | null, known: readonly string[]): void {
  const unknown = asked?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`No such scenario: ${unknown.join(', ')}. There are: ${known.join(', ')}.`);
}

try {
  const options = optionsOf(process.argv.slice(2));
  if (options.task === 'help') console.log(HELP);
  else await perform(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
