import fc from 'fast-check';
import {
  fold,
  foldedKey,
  isCleanText,
  logLine,
  longestWords,
  searchTerms,
  searchText,
  searchWords,
  withoutSecrets,
} from './text.js';

describe('fold', () => {
  it.each([
    ['  Anna ', 'anna'],
    ['ÄRGER', 'ärger'],
    ['e\u0301', 'é'],
    ['ﬁ１２', 'fi12'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
    ['\u00a0x\ufeff', 'x'],
    ['\u212a', 'k'],
    ['\u03aa\u0301', '\u0390'],
  ])('%j is %j', (text, expected) => {
    expect(fold(text)).toBe(expected);
  });

  it('keeps letters apart that only look alike', () => {
    expect(fold('а')).not.toBe(fold('a'));
    expect(fold('é')).not.toBe(fold('e'));
  });

  it('does not change what it made', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fold(fold(text)) === fold(text)));
  });

  it('does with ASCII what it does with ASCII beside other letters', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme-ascii' }),
        (text) => fold(`é${text}é`) === `é${fold(`.${text}.`).slice(1, -1)}é`,
      ),
    );
  });
});

describe('foldedKey', () => {
  it('is cut by characters, so that it stays whole and well formed', () => {
    expect(foldedKey('😀'.repeat(5), 3)).toBe('😀'.repeat(3));
    expect(foldedKey('ABC', 3)).toBe('abc');
  });

  it('fits and is well formed whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.integer({ min: 1, max: 20 }), (text, length) => {
        const key = foldedKey(text, length);
        return [...key].length <= length && (key.isWellFormed() || !text.isWellFormed());
      }),
    );
  });
});

describe('searchWords', () => {
  it('are the stretches between blanks and their tails from each letter or digit that begins one', () => {
    expect(searchWords('Anna O’Neil', 'anna.smith@example.com', null)).toEqual([
      ...['anna', 'o’neil', 'neil', 'anna.smith@example.com', 'smith@example.com', 'example.com', 'com'],
    ]);
    expect(searchWords('+49 (30)')).toEqual(['+49', '49', '(30)', '30)']);
    expect(searchWords('!!!', '   ', null)).toEqual(['!!!']);
  });

  it('begin no word inside of one, nor at a mark that belongs to its letter', () => {
    expect(searchWords('smith')).toEqual(['smith']);
    expect(searchWords('q\u0302x')).toEqual(['q\u0302x']);
  });

  it('are at most 300 of 64 characters, distinct, well formed and without blanks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary', maxLength: 400 }).filter((it) => it.isWellFormed())),
        (texts) => {
          const words = searchWords(...texts);
          expect(new Set(words).size).toBe(words.length);
          expect(words.length).toBeLessThanOrEqual(300);
          for (const word of words)
            expect([...word].length <= 64 && word.isWellFormed() && !/\s/u.test(word)).toBe(true);
        },
      ),
    );
    expect(new Set(['😀', '🤖'].map((tail) => searchWords(`${'x'.repeat(63)}${tail}y`)[0])).size).toBe(2);
  });

  it('of any text are found by that very text, in any letter case', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((it) => it.isWellFormed() && fold(it) !== '');
    fc.assert(
      fc.property(line, (text) => {
        const words = searchWords(text);
        for (const term of searchTerms(text)) expect(words.some((word) => word.startsWith(term))).toBe(true);
      }),
    );
  });
});

describe('longestWords', () => {
  it('leaves out what begins another', () => {
    expect(longestWords(['last', 'trade', 'last-trade.example', 'trade.example', 'example', 'las'])).toEqual([
      ...['example', 'last-trade.example', 'trade.example'],
    ]);
  });

  it('are found by every beginning of every word', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', '-', 'é', '😀', '\u{ff5e}'), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.uniqueArray(word), (words) => {
        const longest = longestWords(words);
        for (const text of words) {
          for (let length = 1; length <= text.length; length += 1) {
            expect(longest.some((it) => it.startsWith(text.slice(0, length)))).toBe(true);
          }
        }
        expect(longest.some((one) => longest.some((other) => one !== other && other.startsWith(one)))).toBe(false);
        expect(words).toEqual(expect.arrayContaining(longest));
      }),
    );
  });
});

describe('searchTerms', () => {
  it('are the words asked for, folded, each once', () => {
    expect(searchTerms('  Anna ANNA\tSmith-j ')).toEqual(['anna', 'smith-j']);
    expect(searchTerms(' ')).toEqual([]);
    expect(searchTerms('w'.repeat(70))).toEqual(['w'.repeat(64)]);
  });
});

it('searchText puts a blank before each word', () => {
  expect(searchText('Anna B', null)).toBe(' anna b');
});

it('isCleanText refuses NUL and half a surrogate pair', () => {
  expect(['ok 😀', '', 'a\0', '\ud800', 'x\udc00'].map(isCleanText)).toEqual([true, true, false, false, false]);
});

it('withoutSecrets takes out what looks like a credential, logLine also what breaks a line', () => {
  const key = `sk_live_${'a'.repeat(49)}`;
  expect(withoutSecrets(`GET /x?key=${key}&y`)).toBe('GET /x?key=[redacted]&y');
  expect(logLine(`a\r\nb\u001b[31m ${key}`, 100)).toBe('a\ufffd\ufffdb\ufffd[31m [redacted]');
  expect(logLine('\ud800abc', 3)).toBe('\ufffdab');
});
