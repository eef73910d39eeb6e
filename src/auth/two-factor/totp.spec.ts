import { codeAt, freshSecret, matchingStep, otpauthUrl, stepOf } from './totp.js';

/** RFC 6238, appendix B: seconds, and the code of eight digits under each hash. */
const VECTORS: [number, string, string, string][] = [
  [59, '94287082', '46119246', '90693936'],
  [1_111_111_109, '07081804', '68084774', '25091201'],
  [1_111_111_111, '14050471', '67062674', '99943326'],
  [1_234_567_890, '89005924', '91819424', '93441116'],
  [2_000_000_000, '69279037', '90698825', '38618901'],
  [20_000_000_000, '65353130', '77737706', '47863826'],
];
const SEED = '1234567890';
const seedOf = (bytes: number): Uint8Array => new TextEncoder().encode(SEED.repeat(7).slice(0, bytes));

describe('RFC 6238', () => {
  it.each(VECTORS)('at %d seconds', (seconds, sha1, sha256, sha512) => {
    const step = stepOf(seconds * 1_000);
    expect(codeAt(seedOf(20), step, { algorithm: 'sha1', digits: 8 })).toBe(sha1);
    expect(codeAt(seedOf(32), step, { algorithm: 'sha256', digits: 8 })).toBe(sha256);
    expect(codeAt(seedOf(64), step, { algorithm: 'sha512', digits: 8 })).toBe(sha512);
    // What we ask for are the last six digits under SHA-1.
    expect(codeAt(seedOf(20), step)).toBe(sha1.slice(2));
  });
});

describe('a code', () => {
  const secret = freshSecret();
  const now = Date.parse('2030-03-01T12:00:10.000Z');
  const step = stepOf(now);

  it.each([-1, 0, 1])('is right %d steps away', (offset) =>
    expect(matchingStep(secret, codeAt(secret, step + offset), now)).toBe(step + offset),
  );

  it.each([-3, -2, 2, 3])('is wrong %d steps away', (offset) =>
    expect(matchingStep(secret, codeAt(secret, step + offset), now)).toBeNull(),
  );

  it('may be typed with a blank in its middle, and in no other writing', () => {
    const code = codeAt(secret, step);
    expect(matchingStep(secret, `${code.slice(0, 3)} ${code.slice(3)}`, now)).toBe(step);
    const arabic = code.replace(/\d/g, (digit) => String.fromCharCode(0x660 + Number(digit)));
    for (const typed of [arabic, `${code}0`, code.slice(1), `+${code}`, `${code}.0`, '']) {
      expect(matchingStep(secret, typed, now)).toBeNull();
    }
  });

  it('is wrong under another secret', () =>
    expect(
      matchingStep('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', codeAt('KRSXG5DSNFXGOIDLRSXG5DSNFXGOIDLA', step), now),
    ).toBe(null));
});

describe('a secret', () => {
  it('has 160 bits of its own', () => {
    expect(freshSecret()).toMatch(/^[A-Z2-7]{32}$/);
    expect(freshSecret()).not.toBe(freshSecret());
  });

  it('goes to an authenticator with its account', () => {
    const url = new URL(otpauthUrl('JBSWY3DPEHPK3PXP', 'maria+x@example.com'));
    expect(url.href).toMatch(/^otpauth:\/\/totp\//);
    expect(decodeURIComponent(url.pathname)).toContain('OmniCRM:maria+x@example.com');
    expect(url.searchParams.get('secret')).toBe('JBSWY3DPEHPK3PXP');
    expect(url.searchParams.get('issuer')).toBe('OmniCRM');
  });
});
