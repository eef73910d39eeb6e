import { type Complaint, complaint, type Examined, isOfList, type Survey } from './examined.ts';
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

interface Named extends Complaint {
  readonly path: string;
  readonly question: string;
}

function complaints({ database, lists }: Survey): string {
  const found = [...lists].flatMap(([path, examined]) =>
    examined.flatMap((one): Named[] => {
      const reason = complaint(one);
      return reason === null ? [] : [{ path, question: one.question, ...reason }];
    }),
  );
  const byExcuse = Map.groupBy(found, ({ path, question }) => excuseFor(asked(path, question)));
  const worstFirst = [...byExcuse].sort(([one], [other]) => Number(other === UNEXCUSED) - Number(one === UNEXCUSED));
  const lines = worstFirst.map(([excuse, its]) => {
    const together = [...Map.groupBy(its, ({ path, about }) => `${path} ${about}`)];
    return `- ${excuse}\n${together.map(([head, those]) => `  - ${told(head, those)}`).join('\n')}`;
  });
  return `### ${database}: ${found.length}\n\n${lines.join('\n')}\n`;
}

function told(head: string, those: readonly Named[]): string {
  const rows = Math.max(...those.map((it) => it.rows));
  const questions = those.map(({ question }) => `\`${question || 'as it is'}\``).join(' ');
  return `${head}${rows > 0 ? ` up to ${rows.toLocaleString('en')} rows` : ''}: ${questions}`;
}

function asked(path: string, question: string): string {
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

/** Each once. */
function planOf(examined: Examined | undefined): string {
  const plans = (examined?.plans ?? []).filter(isOfList);
  return [...new Set(plans.map(({ text }) => text.replaceAll('|', '/')))].join('<br>');
}
