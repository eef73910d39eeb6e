import { plainBackupCode, randomBackupCode } from './backup-codes.js';

describe('a backup code', () => {
  it('is its own each time, and has a shape that people can copy', () => {
    const codes = Array.from({ length: 200 }, randomBackupCode);
    expect(new Set(codes).size).toBe(200);
    expect(codes.filter((code) => !/^[a-z2-7]{5}-[a-z2-7]{5}$/.test(code))).toEqual([]);
  });

  it.each([
    ['abcde-fgh23', 'abcdefgh23'],
    [' ABCDE fgh23 ', 'abcdefgh23'],
    ['abc0e-fgh21', 'abcoefgh2l'],
  ])('is %j however it is typed', (typed, plain) => expect(plainBackupCode(typed)).toBe(plain));

  it.each(['', '123456', 'abcde-fgh2', 'abcde-fgh234', 'abcde-fgh2!', 'äbcde-fgh23'])('is not %j', (typed) =>
    expect(plainBackupCode(typed)).toBeNull(),
  );
});
