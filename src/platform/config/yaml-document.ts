import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  parseDocument,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import type { ConfigProblem } from './config-problem.js';

/** Where a value stands: the tree of the file without its values. */
export interface Place {
  readonly line: number;
  /** As problems show it: `.name`, or `[2]` by position. */
  readonly label: string;
  readonly children: Map<string | number, Place>;
  /** A bare value has no fields, so a problem with a field of it is a problem with itself. */
  readonly isLeaf: boolean;
}

export interface YamlDocument {
  /** Plain values; undefined when the file holds none. */
  readonly value: unknown;
  readonly root: Place;
  readonly problems: readonly ConfigProblem[];
}

const POLLUTING = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 32;
const MAX_INDENTATION = 128;

/** Sentences of our own: the library's quote the file, and the file holds keys. */
const SYNTAX: Record<string, string> = {
  BAD_INDENT: 'is indented wrongly, or a bracket is not closed',
  BLOCK_AS_IMPLICIT_KEY: 'holds a second ":"; put the text in quotes or on a line of its own',
  MISSING_CHAR: 'lacks a closing bracket or quote, or a ":" behind a name',
  MULTILINE_IMPLICIT_KEY: 'has a name that goes on over the end of the line; is a ":" missing?',
  MULTIPLE_DOCS: 'begins a second document; the file must be one',
  TAB_AS_INDENT: 'is indented with a tab; use blanks',
  TAG_RESOLVE_FAILED: 'has a tag ("!") that is not known',
};

/**
 * Reads one YAML document without trusting it: no aliases (one line of them can expand to gigabytes), no duplicate or
 * polluting names, no nesting that could exhaust the stack. `isShown` decides which names problems may print.
 */
export function readYaml(text: string, isShown: (path: readonly string[], name: string) => boolean): YamlDocument {
  const deep = firstDeepLine(text);
  if (deep !== null) return failed([{ path: '', line: deep, message: 'is nested too deeply' }]);
  const lines = new LineCounter();
  // Duplicates are looked for below: the library compares each name with each other one.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const syntax = syntaxProblems(document, lines);
  if (syntax.length > 0) return failed(syntax);
  const walk = new Walk(lines, isShown);
  const { value, place } = walk.read(document.contents, '', []);
  return { value, root: place, problems: walk.problems };
}

function failed(problems: ConfigProblem[]): YamlDocument {
  return { value: undefined, root: { line: 1, label: '', children: new Map(), isLeaf: false }, problems };
}

function syntaxProblems(document: Document.Parsed, lines: LineCounter): ConfigProblem[] {
  const byLine = new Map<number, ConfigProblem>();
  for (const error of [...document.errors, ...document.warnings]) {
    const line = lines.linePos(error.pos[0]).line;
    // What follows an error on the same line is its echo.
    if (!byLine.has(line)) byLine.set(line, { path: '', line, message: SYNTAX[error.code] ?? 'is not valid YAML' });
  }
  return [...byLine.values()];
}

/** Turns nodes into plain values and remembers where each of them stood. */
class Walk {
  readonly problems: ConfigProblem[] = [];

  constructor(
    private readonly lines: LineCounter,
    private readonly isShown: (path: readonly string[], name: string) => boolean,
  ) {}

  read(node: ParsedNode | null, label: string, path: readonly string[], line = this.lineOf(node)): Read {
    const place: Place = { line, label, children: new Map(), isLeaf: isScalar(node) };
    if (isMap(node)) return { value: this.readMap(node, place, path), place };
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item, `[${index}]`, [...path, `[${index}]`]));
      items.forEach((item, index) => place.children.set(index, item.place));
      return { value: items.map((item) => item.value), place };
    }
    if (isAlias(node)) this.report(path, line, 'is an alias ("*"); write the value out');
    return { value: isScalar(node) ? detached(node.value) : undefined, place };
  }

  private readMap(map: YAMLMap.Parsed, place: Place, path: readonly string[]): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    map.items.forEach((pair, index) => {
      const line = this.lineOf(pair.key);
      const name = this.nameOf(pair, path, index, line);
      if (name === null) return;
      const label = this.isShown(path, name) ? `.${name}` : `[${index}]`;
      const earlier = place.children.get(name);
      if (earlier) {
        this.report([...path, label], line, `is there twice, first on line ${earlier.line}`);
        return;
      }
      const read = this.read(pair.value, label, [...path, label], line);
      place.children.set(name, read.place);
      value[name] = read.value;
    });
    return value;
  }

  /** The name of a pair, or null with a problem reported. */
  private nameOf(
    pair: Pair<ParsedNode, ParsedNode | null>,
    path: readonly string[],
    index: number,
    line: number,
  ): string | null {
    const name = isScalar(pair.key) ? pair.key.value : undefined;
    if (typeof name !== 'string') {
      const kind = typeof name === 'number' ? 'a number' : 'something other than text';
      this.report([...path, `[${index}]`], line, `has a name that YAML reads as ${kind}; put it in quotes`);
      return null;
    }
    if (!POLLUTING.has(name)) return String(detached(name));
    this.report(path, line, `the name "${name}" is not allowed`);
    return null;
  }

  private report(path: readonly string[], line: number, message: string): void {
    this.problems.push({ path: pathText(path), line, message });
  }

  private lineOf(node: ParsedNode | null): number {
    return node?.range ? this.lines.linePos(node.range[0]).line : 1;
  }
}

interface Read {
  readonly value: unknown;
  readonly place: Place;
}

export function pathText(labels: readonly string[]): string {
  return labels.join('').replace(/^\./, '');
}

/** A slice of a string keeps the whole string alive in V8, and the whole file holds the keys in clear: copy instead. */
function detached(value: unknown): unknown {
  return typeof value === 'string' ? Buffer.from(value).toString() : value;
}

/**
 * The first line that is nested too deeply, read from the lexer, which does not recurse: the parser does, and a stack that
 * ends inside its regular expressions ends the process instead of throwing.
 */
function firstDeepLine(text: string): number | null {
  const depth = new Depth();
  for (const lexeme of new Lexer().lex(text)) {
    if (depth.isTooDeepAt(lexeme)) return depth.line;
  }
  return null;
}

/** What the lexer puts before a plain text, which may look like an indicator and is none. */
const TEXT_FOLLOWS = '\x1f';

const BRACKETS = new Map([
  ['[', 1],
  ['{', 1],
  [']', -1],
  ['}', -1],
]);

/** Counts what nests: brackets, `- - -` on one line, and columns of indentation. */
class Depth {
  line = 1;
  private brackets = 0;
  private indicators = 0;
  private isLineStart = true;
  private isText = false;

  isTooDeepAt(lexeme: string): boolean {
    if (!this.isText) {
      this.brackets += BRACKETS.get(lexeme) ?? 0;
      this.indicators += Number(lexeme === '-' || lexeme === '?');
    }
    this.isText = lexeme === TEXT_FOLLOWS;
    const isIndentation = this.isLineStart && this.brackets === 0 && lexeme.startsWith(' ');
    if (isIndentation && lexeme.length > MAX_INDENTATION) return true;
    if (this.brackets > MAX_DEPTH || this.indicators > MAX_DEPTH) return true;
    this.isLineStart = lexeme.endsWith('\n');
    if (this.isLineStart) this.indicators = 0;
    this.line += newlines(lexeme);
    return false;
  }
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
