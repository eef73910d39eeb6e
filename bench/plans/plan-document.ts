import { complaint, type Examined, type Survey } from './examined.ts';

const INTRODUCTION = `# How each list is found

Written by \`npm run bench -- --plans\`; do not edit. Every list of the API with each of its sorts and filters, one at a time and
in pairs, and the page after a cursor, on both databases with a million customers, a million access records, 300,000 change
records, 20,000 users, 20,000 keys and 200 roles. The statements are those that the product sent; *rows* are those that MariaDB
really read, *ms* is a whole request, the better of two, which depends on the machine and on what else it does. What it
means and what to do: [measure](../docs/how-to/measure.md).
`;

export function planDocument(surveys: readonly Survey[]): string {
  const paths = [...(surveys[0]?.lists.keys() ?? [])];
  return [
    INTRODUCTION,
    '## Not served by an index\n',
    ...surveys.map(complaints),
    ...paths.flatMap((path) => [`## ${path}\n`, table(path, surveys)]),
  ].join('\n');
}

function complaints({ database, lists }: Survey): string {
  const lines = [...lists].flatMap(([path, examined]) =>
    examined.flatMap((one) => {
      const reason = complaint(one);
      return reason === null ? [] : [`- \`${asked(path, one)}\` ${reason}`];
    }),
  );
  return `### ${database}: ${lines.length}\n\n${lines.join('\n')}\n`;
}

function asked(path: string, { question }: Examined): string {
  return question === '' ? path : `${path}?${question}`;
}

function table(path: string, surveys: readonly Survey[]): string {
  const head = ['asked', ...surveys.flatMap(({ database }) => [database, 'rows', 'ms'])];
  const questions = (surveys[0]?.lists.get(path) ?? []).map((it) => it.question);
  const rows = questions.map((question) => [
    `\`${question || ' '}\``,
    ...surveys.flatMap(({ lists }) => cells(lists.get(path)?.find((it) => it.question === question))),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}

function cells(examined: Examined | undefined): string[] {
  if (!examined) return ['', '', ''];
  const { plans, millis } = examined;
  const counted = plans.map((it) => it.rowsRead).filter((it) => it !== null);
  const rows = counted.length === 0 ? '' : counted.reduce((sum, it) => sum + it, 0).toLocaleString('en');
  return [plans.map((it) => it.text.replaceAll('|', '/')).join('<br>'), rows, millis.toFixed(millis < 10 ? 1 : 0)];
}
