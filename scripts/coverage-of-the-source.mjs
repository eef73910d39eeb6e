// Writes docs/coverage-of-the-source.md: every sentence of the source's key management page, and the tests named after it.
// `node scripts/coverage-of-the-source.mjs [folder to write to] [folder of the sentences and tests]`
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const target = process.argv[2] ?? join(root, 'docs');
const place = process.argv[3] ?? join(root, 'test/e2e/api-keys/page');

/** `it('“One”, “Another”: what is shown', …)` */
const TITLE = /^(“[^”]+”(?:, “[^”]+”)*): (.+)$/s;

/** The tests in the order of their files: each belongs to the heading that the nearest `describe` names. */
function testsOf(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.e2e-spec.ts'))
    .sort()
    .flatMap((file) => testsIn(readFileSync(join(folder, file), 'utf8'), file));
}

function testsIn(text, file) {
  let heading = '';
  return [...text.matchAll(/^ *(describe|it)(\.\w+)*\(\s*(['"`])((?:(?!\3)[^\\]|\\.)*)\3/gm)].flatMap((match) => {
    const [, word, chained, , title] = match;
    if (word === 'describe') heading = title;
    if (word === 'describe' && chained === undefined) return [];
    const [, quotes = '', shows = ''] = TITLE.exec(title) ?? [];
    const sentences = [...quotes.matchAll(/“([^”]+)”/g)].map(([, sentence]) => sentence);
    return [{ file, heading, title, sentences, shows, isPlain: chained === undefined && quotes !== '' }];
  });
}

/** What is wrong, as sentences; nothing when each promise has its test and each test its promise. */
function problems({ rules, headings }, tests, operations) {
  const known = headings.flatMap(({ heading, sentences }) => sentences.map((entry) => ({ heading, ...entry })));
  const shows = (entry) => tests.filter((test) => isAbout(test, entry));
  const twice = known.filter((entry, index) => known.findIndex((other) => isSame(other, entry)) !== index);
  return [
    ...known
      .filter((entry) => entry.kind === 'behaviour' && shows(entry).length === 0)
      .map(({ heading, sentence }) => `no test is named after “${sentence}” (${heading})`),
    ...known
      .filter((entry) => entry.kind !== 'behaviour' && shows(entry).length > 0)
      .map(({ sentence, kind }) => `“${sentence}” has a test, so it is no ${kind}`),
    ...known.filter((entry) => !isWhole(entry, rules)).map(({ sentence }) => `“${sentence}” lacks what its kind needs`),
    ...twice.map(({ heading, sentence }) => `“${sentence}” stands twice under ${heading}`),
    ...known
      .flatMap(({ calls = [] }) => calls)
      .filter((call) => !operations.has(call))
      .map((call) => `there is no operation ${call}`),
    ...tests
      .filter(({ isPlain }) => !isPlain)
      .map(({ file, title }) => `${file}: “${title}” is no plain test named after a sentence`),
    ...tests.flatMap(({ file, heading, sentences }) =>
      sentences
        .filter((sentence) => !known.some((entry) => isSame(entry, { heading, sentence })))
        .map((sentence) => `${file}: the page does not say “${sentence}” under ${heading}`),
    ),
  ];
}

const isSame = (one, other) => one.heading === other.heading && one.sentence === other.sentence;
const isAbout = (test, { heading, sentence }) => test.heading === heading && test.sentences.includes(sentence);

function isWhole({ kind, rule, reason, calls }, rules) {
  if (rule !== undefined && !(rule in rules)) return false;
  if (kind === 'advice') return /^\w+$/.test(reason ?? '');
  return kind === 'interface' ? (calls ?? []).length > 0 : kind === 'behaviour';
}

function operationsOf(document) {
  return new Set(
    Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    ),
  );
}

function manual({ rules, headings }, tests) {
  const all = headings.flatMap(({ sentences }) => sentences);
  const count = (kind) => all.filter((entry) => entry.kind === kind).length;
  return [
    '# Coverage of the source',
    '',
    'What the source’s page “API Key Management” says, sentence by sentence, and the tests that are named after it. They run',
    'on both databases. `npm run generate` writes this page from `test/e2e/api-keys/page/sentences.json` and the names of the',
    'tests beside it; a behaviour without a test, or a test without its sentence, fails the architecture tests.',
    '',
    `Of ${all.length} sentences ${count('behaviour')} state a behaviour, ${count('interface')} describe the user interface (the call that stands behind it is`,
    `named), and ${count('advice')} are advice to the reader.`,
    '',
    ...headings.flatMap((group) => section(group, tests)),
    '## Where the product differs on purpose',
    '',
    '| rule | what holds |',
    '|---|---|',
    ...Object.entries(rules).map(([number, text]) => `| ${number} | ${cell(text)} |`),
    '',
  ].join('\n');
}

function section({ heading, sentences }, tests) {
  const rows = sentences.map((entry) => {
    const shown = tests
      .filter((test) => isAbout(test, { heading, ...entry }))
      .map(({ file, shows }) => `${cell(shows)} ([test](../test/e2e/api-keys/page/${file}))`);
    return `| ${cell(entry.sentence)} | ${[about(entry), ...shown].filter(Boolean).join('<br>')} |`;
  });
  return [`## ${heading}`, '', '| the page says | shown by |', '|---|---|', ...rows, ''];
}

function about({ kind, rule, note, reason, calls = [] }) {
  if (kind === 'advice') return `advice: ${reason}`;
  if (kind === 'interface') return `interface: ${calls.map((call) => `\`${call}\``).join(', ')}`;
  return [rule === undefined ? '' : `rule ${rule}.`, note === undefined ? '' : cell(`${note}.`)].join(' ').trim();
}

function cell(text) {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

const page = JSON.parse(readFileSync(join(place, 'sentences.json'), 'utf8'));
const tests = testsOf(place);
const operations = operationsOf(JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8')));
const found = problems(page, tests, operations);
for (const problem of found) console.error(problem);
if (found.length > 0) {
  process.exitCode = 1;
} else {
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'coverage-of-the-source.md'), manual(page, tests));
}
