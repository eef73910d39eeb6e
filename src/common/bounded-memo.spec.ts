import fc from 'fast-check';
import { boundedMemo } from './bounded-memo.js';

describe('boundedMemo', () => {
  it('answers as the function does, whatever is asked in which order', () => {
    const memo = boundedMemo(3, (text) => text.length);
    fc.assert(
      fc.property(fc.array(fc.constantFrom('', 'a', 'bb', 'ccc', 'dddd', 'eeeee')), (texts) => {
        for (const text of texts) expect(memo(text)).toBe(text.length);
      }),
    );
  });

  it('keeps no long text', () => {
    const make = jest.fn((text: string) => text.length);
    const memo = boundedMemo(10, make);
    for (const length of [512, 512, 513, 513]) expect(memo('x'.repeat(length))).toBe(length);
    expect(make).toHaveBeenCalledTimes(3);
  });

  it('makes a value once while it fits, undefined included, and never keeps more than its capacity', () => {
    const make = jest.fn((text: string) => (text === 'none' ? undefined : text));
    const memo = boundedMemo(2, make);
    for (const text of ['none', 'a', 'none', 'a']) memo(text);
    expect(make).toHaveBeenCalledTimes(2);
    memo('b');
    memo('a');
    expect(make).toHaveBeenCalledTimes(4);
  });
});
