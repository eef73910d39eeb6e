import { complaint, type Examined, type Survey } from './examined.ts';
import { excuseFor, UNEXCUSED } from './excuses.ts';

const INTRODUCTION = `# How each list is found

Written by \`npm run bench -- --plans\`; do not edit. Every list of the API with each of its sorts and filters, one at a time and
in pairs, and the page after a cursor, on both databases with a million customers, a million access records, 300,000 change
records, 20,000 users, 20,000 keys and 200 roles. The statements are those that the product sent, without those that fetch
what belongs to a page by its ids; questions that are served alike stand together. *rows* are the most that MariaDB really read
for one of them, *ms* the slowest whole request, the better of two, which depends on the machine and on what else it does.
What it means and what to do: [measure](../docs/how-to/measure.md).
`;

export function planDocument(surveys: readonly Survey[]): string {
  const paths = [...(surveys[0]?.lists.keys() ?? [])];
  return [
    INTRODUCTION,
    `## What no index serves to its end, and why\n`,
    ...surveys.map(complaints),
    ...paths.flatMap((path) => [`## ${path}\n`, table(path, surveys)]),
  ].join('\n');
}

function complaints({ database, lists }: Survey): string {
  const found = [...lists].flatMap(([path, examined]) =>
    examined.flatMap((one) => {
      const reason = complaint(one);
      return reason === null ? [] : [{ path, asked: asked(path, one), reason, question: one.question }];
    }),
  );
  const byExcuse = Map.groupBy(found, (it) => excuseFor(it.asked));
  const worstFirst = [...byExcuse].sort(([one], [other]) => Number(other === UNEXCUSED) - Number(one === UNEXCUSED));
  const lines = worstFirst.map(([excuse, its]) => {
    const byPath = [...Map.groupBy(its, ({ path }) => path)];
    const questions = byPath.map(([path, those]) => {
      const each = those.map(({ question, reason }) => `\`${question || 'as it is'}\` ${reason}`);
      return `  - ${path}: ${each.join(', ')}`;
    });
    return `- ${excuse}\n${questions.join('\n')}`;
  });
  return `### ${database}: ${found.length}\n\n${lines.join('\n')}\n`;
}

function asked(path: string, { question }: Examined): string {
  return question === '' ? path : `${path}?${question}`;
}

/** What one request came to in each of the databases, in their order. */
interface Line {
  readonly question: string;
  readonly found: readonly (Examined | undefined)[];
}

function table(path: string, surveys: readonly Survey[]): string {
  const questions = (surveys[0]?.lists.get(path) ?? []).map((it) => it.question);
  const lines = questions.map((question): Line => ({
    question,
    found: surveys.map(({ lists }) => lists.get(path)?.find((it) => it.question === question)),
  }));
  const alike = Map.groupBy(lines, ({ found }) => found.map(planOf).join('\n'));
  const head = ['asked', ...surveys.flatMap(({ database }) => [database, 'rows', 'ms'])];
  const rows = [...alike.values()].map((group) => [
    group.map(({ question }) => `\`${question || ' '}\``).join(' '),
    ...surveys.flatMap((_, index) => cells(group.map(({ found }) => found[index]))),
  ]);
  return `${[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}\n`;
}

function cells(group: readonly (Examined | undefined)[]): string[] {
  const found = group.filter((it) => it !== undefined);
  const rows = found.map(({ plans }) => plans.reduce((sum, it) => sum + (it.rowsRead ?? 0), 0));
  const isCounted = found.some(({ plans }) => plans.some((it) => it.rowsRead !== null));
  const millis = Math.max(0, ...found.map((it) => it.millis));
  const most = isCounted ? Math.max(...rows).toLocaleString('en') : '';
  return [planOf(found[0]), most, millis.toFixed(millis < 10 ? 1 : 0)];
}

/** Of the statements for the list itself, whose rows are called `row`; each once. */
function planOf(examined: Examined | undefined): string {
  const texts = (examined?.plans ?? []).map(({ text }) => text.replaceAll('|', '/'));
  return [...new Set(texts.filter((text) => /\brow\b/.test(text)))].join('<br>');
}
