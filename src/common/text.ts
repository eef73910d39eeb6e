/**
 * Letter case and compatibility forms do not distinguish texts that people compare: names, e-mails, search words.
 * A sigma is one letter wherever it stands: lower case alone would spell it by its place in the word.
 */
export function fold(text: string): string {
  // Most text is, and none of what follows changes it.
  if (ASCII.test(text)) return text.toLowerCase().trim();
  const lower = text.normalize('NFKC').toLowerCase();
  // Some letters with marks compose in lower case alone.
  return lower.normalize('NFKC').replaceAll('\u03c2', '\u03c3').trim();
}

const ASCII = /^[\0-\x7f]*$/;

/** A folded text for a column of this many characters. Written and compared alike, or a long one would not equal itself. */
export function foldedKey(text: string, length: number): string {
  return cut(fold(text), length);
}

const WORD_LENGTH = 64;
const WORDS = 300;

/**
 * The words that a text is found by, folded: every stretch without blanks, and its tails from each letter or digit that
 * begins one. So `anna.smith@example.com` is found by `anna.sm`, `smith@ex` and `example`, and never by `mith`.
 */
export function searchWords(...texts: (string | null)[]): string[] {
  const words = new Set<string>();
  for (const text of texts) {
    for (const stretch of fold(text ?? '').split(/\s+/u)) addTails(stretch, words);
  }
  return [...words].slice(0, WORDS);
}

const BEGINNING = /(?<=[^\p{L}\p{N}\p{M}])[\p{L}\p{N}]/gu;

function addTails(stretch: string, words: Set<string>): void {
  if (stretch === '') return;
  words.add(cut(stretch, WORD_LENGTH));
  // Not by matchAll(), which makes a copy of the expression at each call.
  for (let match = BEGINNING.exec(stretch); match; match = BEGINNING.exec(stretch))
    words.add(cut(stretch.slice(match.index), WORD_LENGTH));
}

/** Of words that are looked up by their beginnings, those that find what all of them find: none begins another. */
export function longestWords(words: readonly string[]): string[] {
  const sorted = words.toSorted();
  return sorted.filter((word, index) => !sorted[index + 1]?.startsWith(word));
}

/** The words as one text, each behind a blank: what `whereWords` searches in tables too small for an index of words. */
export function searchText(...texts: (string | null)[]): string {
  return ` ${searchWords(...texts).join(' ')}`;
}

/** The beginnings that a search asks for, cut like the words that they are compared with. */
export function searchTerms(search: string): string[] {
  return [
    ...new Set(
      fold(search)
        .split(/\s+/u)
        .filter(Boolean)
        .map((word) => cut(word, WORD_LENGTH)),
    ),
  ];
}

/** By characters, as the databases count them: half a surrogate pair would not come back as it went in. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : [...text].slice(0, length).join('');
}

/** NUL and lone surrogates: text that a database, a log or a browser would mangle. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

const SECRET_LIKE = /[A-Za-z][A-Za-z0-9_]{1,14}_[0-9A-Za-z]{49}|eyJ[\w-]{10,}(?:\.[\w-]*){0,2}|rt\d+\.[\w.-]{20,}/g;

/** Takes out whatever looks like one of our credentials: it may stand in a path or a header where nobody expects one. */
export function withoutSecrets(text: string): string {
  return text.length < 16 ? text : text.replace(SECRET_LIKE, '[redacted]');
}

/** One line of printable text for a log: control characters replaced, secrets taken out, cut to size. */
export function logLine(text: string, length: number): string {
  return withoutSecrets(text)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\uFFFD')
    .slice(0, length);
}
