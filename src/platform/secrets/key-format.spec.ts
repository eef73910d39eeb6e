import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { generateKey, hasValidChecksum, looksGenerated, maskOf, randomBase62 } from './key-format.js';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PREFIXES = ['sk_live_', 'ab_', 'crm2_test_', 'abcdefghijklmno_'];
const letter = fc.constantFrom(...ALPHABET);

describe('key format', () => {
  it.each(PREFIXES)('%s is followed by 43 characters and 6 of CRC-32 over what precedes', (prefix) => {
    const key = generateKey(prefix);
    const body = key.slice(0, -6);
    const checksum = [...key.slice(-6)].reduce((sum, character) => sum * 62 + ALPHABET.indexOf(character), 0);
    expect(key).toMatch(new RegExp(`^${prefix}[0-9A-Za-z]{49}$`));
    expect(checksum).toBe(crc32(body));
    expect(looksGenerated(key) && hasValidChecksum(key)).toBe(true);
  });

  it('never repeats a key', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => generateKey('sk_live_'))).size).toBe(1_000);
  });

  it('finds every single character that was mistyped', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PREFIXES), fc.nat(), letter, (prefix, place, typed) => {
        const key = generateKey(prefix);
        const at = place % key.length;
        fc.pre(key[at] !== typed);
        return !hasValidChecksum(key.slice(0, at) + typed + key.slice(at + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  it('finds every pair of neighbours that changed places', () => {
    const key = generateKey('sk_live_');
    for (let at = 0; at < key.length - 1; at += 1) {
      const [first = '', second = ''] = key.slice(at, at + 2);
      if (first === second) continue;
      const swapped = key.slice(0, at) + second + first + key.slice(at + 2);
      expect({ at, isValid: hasValidChecksum(swapped) }).toEqual({ at, isValid: false });
    }
  });

  it('accepts nothing that was not generated', () => {
    fc.assert(fc.property(fc.string({ maxLength: 80, unit: 'grapheme' }), (text) => !looksGenerated(text)));
  });

  it.each(['', 'x', 'é'.repeat(60), '💥'.repeat(60), '\0'.repeat(57)])('refuses %j without failing', (text) => {
    expect(looksGenerated(text)).toBe(false);
    expect(hasValidChecksum(text)).toBe(false);
  });

  it('draws every letter about equally often', () => {
    const counts = new Map<string, number>();
    for (const drawn of randomBase62(62_000)) counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
    // 1,000 expected; the first eight letters would have 1,250 if the last bytes were not thrown away.
    expect(counts.size).toBe(62);
    const favoured = [...ALPHABET.slice(0, 8)].reduce((sum, drawn) => sum + (counts.get(drawn) ?? 0), 0);
    expect(favoured).toBeLessThan(8_600);
  });
});

describe('mask', () => {
  it('shows the prefix and the last four characters of a thousand keys, and nothing else', () => {
    for (let made = 0; made < 1_000; made += 1) {
      const key = generateKey('sk_live_');
      expect(maskOf(key)).toBe(`sk_live_...${key.slice(-4)}`);
    }
  });

  it('shows four characters of a key that somebody chose', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 32, maxLength: 100 }), (key) => maskOf(key) === `...${key.slice(-4)}`),
    );
  });

  it('leaves at least 128 bits of a generated key unseen', () => {
    const key = generateKey('sk_live_');
    const unseen = key.length - 'sk_live_'.length - 6;
    expect(unseen * Math.log2(62)).toBeGreaterThan(128);
  });
});
