import { createHmac, createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { MacKey } from './mac-key.js';

describe('MacKey', () => {
  it('makes the tags of HMAC-SHA-256, whatever the key and the data', () => {
    const keys = fc.uint8Array({ minLength: 1, maxLength: 64 });
    const data = fc.string({ unit: 'grapheme', maxLength: 300 });
    fc.assert(
      fc.property(keys, data, fc.constantFrom('hex' as const, 'base64url' as const), (bytes, text, encoding) => {
        const key = createSecretKey(bytes);
        expect(new MacKey(key).tag(text, encoding)).toBe(createHmac('sha256', key).update(text).digest(encoding));
      }),
    );
  });

  it('passes RFC 4231, test cases 1 and 2', () => {
    const tag = (key: Buffer, data: string): string => new MacKey(createSecretKey(key)).tag(data, 'hex');
    expect(tag(Buffer.alloc(20, 0x0b), 'Hi There')).toBe(
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    );
    expect(tag(Buffer.from('Jefe'), 'what do ya want for nothing?')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    );
  });

  it('takes no key that would have to be hashed first', () => {
    expect(() => new MacKey(createSecretKey(Buffer.alloc(65)))).toThrow('65 bytes');
  });
});
