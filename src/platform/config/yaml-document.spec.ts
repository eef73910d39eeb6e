import fc from 'fast-check';
import { readYaml, type YamlDocument } from './yaml-document.js';

const read = (text: string): YamlDocument => readYaml(text, () => true);
const told = (text: string): string[] =>
  read(text).problems.map(({ path, line, message }) => `${line} ${path}: ${message}`);

describe('readYaml', () => {
  it('gives plain values and where they stand', () => {
    const { value, root, problems } = read('a: 1\nb:\n  - x\n  - c: true\n');
    expect(problems).toEqual([]);
    expect(value).toEqual({ a: 1, b: ['x', { c: true }] });
    expect(root.children.get('b')?.children.get(1)?.children.get('c')).toMatchObject({
      line: 4,
      label: '.c',
      isLeaf: true,
    });
  });

  it.each(['', '\n', '# nothing but words\n', '---\n'])('%j holds nothing', (text) => {
    expect(read(text).value ?? null).toBeNull();
    expect(told(text)).toEqual([]);
  });

  it.each([
    ['a tab', 'a:\n\tb: 1\n', '2 : is indented with a tab; use blanks'],
    ['a second document', 'a: 1\n---\nb: 1\n', '2 : begins a second document; the file must be one'],
    ['an open bracket', 'a: 1\nb: [1, 2\n', '3 : is indented wrongly, or a bracket is not closed'],
    ['an open quote', 'a: "x\n', '2 : lacks a closing bracket or quote, or a ":" behind a name'],
    ['an unknown tag', 'a: !!js/function "x"\n', '1 : has a tag ("!") that is not known'],
    ['an alias', 'a: &x [1]\nb: *x\n', '2 b: is an alias ("*"); write the value out'],
    ['an alias to nothing', 'a: *x\n', '1 a: is an alias ("*"); write the value out'],
    ['a name twice', 'a: 1\nb:\n  c: 1\n  c: 2\n', '4 b.c: is there twice, first on line 3'],
    ['a name that is a number', 'a:\n  12: 1\n', '2 a[0]: has a name that YAML reads as a number; put it in quotes'],
    [
      'a name that is a list',
      '? [a]\n: 1\n',
      '1 [0]: has a name that YAML reads as something other than text; put it in quotes',
    ],
    ['a polluting name', 'a:\n  - __proto__: { b: 1 }\n', '2 a[0]: the name "__proto__" is not allowed'],
  ])('tells the line of %s', (_what, text, problem) => expect(told(text)).toContain(problem));

  it.each(['__proto__', 'constructor', 'prototype'])('does not pollute by %s', (name) => {
    const { value } = read(`a: 1\n${name}:\n  polluted: yes\n`);
    expect(Object.keys(value as object)).toEqual(['a']);
    expect((value as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['brackets', '['.repeat(500_000) + ']'.repeat(500_000)],
    ['maps', '{a: '.repeat(100_000)],
    ['dashes', '- '.repeat(100_000)],
    ['indentation', Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join('')],
  ])('refuses deep nesting by %s at once', (_what, text) =>
    expect(told(text)).toEqual([expect.stringContaining('too deeply')]),
  );

  it('does not take text for nesting', () => {
    const brackets = '['.repeat(100);
    expect(
      told(`a: "${brackets}"\nb: x${brackets}\nc: |\n  ${brackets}\n# ${brackets}\nd: ${'x-'.repeat(100)}\n`),
    ).toEqual([]);
  });

  it('stops the bomb of aliases', () => {
    const bomb = Array.from({ length: 20 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]\n`).join('');
    expect(told(`a0: &a0 [x]\n${bomb}`)).toHaveLength(180);
  });

  it('never quotes the file in a problem and never throws', () => {
    const pieces = fc.constantFrom(
      'SECRET',
      ': ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '\n',
      '  ',
      '\t',
      '&',
      '*',
      '!',
      '|',
      '>',
      '---',
      '#',
      '%',
      '?',
      ',',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        const { problems } = readYaml(parts.join(''), () => false);
        expect(JSON.stringify(problems)).not.toContain('SECRET');
      }),
      { numRuns: 500 },
    );
  });
});
