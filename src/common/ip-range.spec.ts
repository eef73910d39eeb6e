import fc from 'fast-check';
import { formatAddress, type IpAddress, IpRange, parseAddress } from './ip-range.js';

function ip(text: string): IpAddress {
  const parsed = parseAddress(text);
  if (!parsed) throw new Error(`${text} was not understood`);
  return parsed;
}

function range(text: string): IpRange {
  const parsed = IpRange.parse(text);
  if (parsed instanceof IpRange) return parsed;
  throw new Error(`${text} ${parsed.problem}`);
}

function problemOf(text: string): string | null {
  const parsed = IpRange.parse(text);
  return parsed instanceof IpRange ? null : parsed.problem;
}

const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)).map((four) => four.join('.'));
const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });
const hex = groups.map((eight) => eight.map((group) => group.toString(16)).join(':'));

/** The slow and obvious way, to judge the fast one by. */
function bigOf(text: string): bigint {
  const parts = text.includes('.') ? text.split('.').map(Number) : text.split(':').map((group) => parseInt(group, 16));
  const width = text.includes('.') ? 8n : 16n;
  return parts.reduce((sum, part) => (sum << width) | BigInt(part), 0n);
}

describe('parseAddress', () => {
  it.each([
    ['192.168.1.100', '192.168.1.100'],
    ['255.255.255.255', '255.255.255.255'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1%eth0', '10.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::1.2.3.4', '::102:304'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ])('%s is %s', (text, canonical) => expect(formatAddress(ip(text))).toBe(canonical));

  it.each(
    [
      ['', ' ', '010.0.0.1', '10.1', '10', '0x0a.0.0.1', '1.2.3.4.5', '256.0.0.1', '1.2.3.4 ', ' 1.2.3.4', '1.2.3.4\n'],
      [
        '1.2.3.4%eth0',
        '1::2::3',
        ':::',
        '12345::',
        '::1%',
        '[::1]',
        '::1/128',
        '::ffff:010.0.0.1',
        'localhost',
        '1.2.3.4\0',
      ],
    ].flat(),
  )('%j is no address', (text) => expect(parseAddress(text)).toBeNull());

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.oneof(octets, hex), (text) => {
        const once = formatAddress(ip(text));
        expect(formatAddress(ip(once))).toBe(once);
        expect(ip(once)).toEqual(ip(text));
      }),
    );
  });

  it('reads the mapped spellings of an IPv4 address as that address', () => {
    fc.assert(fc.property(octets, (text) => expect(ip(`::ffff:${text}`)).toEqual(ip(text))));
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => expect(() => [parseAddress(text), IpRange.parse(text)]).not.toThrow()),
    );
  });
});

describe('IpRange', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['10.0.0.7/32', '10.0.0.7'],
    ['10.0.0.0/24', '10.0.0.0/24'],
    ['::ffff:10.0.0.0/120', '10.0.0.0/24'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1/128', '::1'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['::/0', '::/0'],
  ])('%s is written %s', (text, canonical) => expect(range(text).toString()).toBe(canonical));

  it.each([
    ['10.0.0.0/33', 'outside 0 to 32'],
    ['2001:db8::/129', 'outside 0 to 128'],
    ['::ffff:10.0.0.0/24', 'outside 96 to 128'],
    ['10.0.0.5/24', 'did you mean 10.0.0.0/24?'],
    ['2001:db8::1/64', 'did you mean 2001:db8::/64?'],
    ['010.0.0.0/8', 'octal'],
    ['10.1', 'four numbers'],
    ['10.0.0.0/', 'not a number'],
    ['10.0.0.0/08', 'not a number'],
    ['10.0.0.0/-1', 'not a number'],
    ['10.0.0.0/255.255.255.0', 'not a number'],
    ['10.0.0.0/8/8', 'is not an IP address'],
    ['fe80::1%eth0', 'zone'],
    ['office', 'is not an IP address'],
    ['', 'is not an IP address'],
  ])('%j is a problem: %s', (text, problem) => expect(problemOf(text)).toContain(problem));

  it.each([
    ['10.0.0.0/24', ['10.0.0.0', '10.0.0.255', '::ffff:10.0.0.9'], ['9.255.255.255', '10.0.1.0', '::a00:0']],
    ['192.168.1.100', ['192.168.1.100', '::ffff:c0a8:164'], ['192.168.1.99', '192.168.1.101']],
    ['128.0.0.0/1', ['128.0.0.0', '255.255.255.255'], ['127.255.255.255']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::', '::1']],
    ['::/0', ['::', 'ffff::'], ['0.0.0.0', '::ffff:1.2.3.4']],
    ['2001:db8::/33', ['2001:db8::', '2001:db8:7fff:ffff::'], ['2001:db8:8000::', '2001:db7:ffff::']],
  ])('%s holds its edges and nothing beside them', (text, inside, outside) => {
    expect(inside.filter((one) => !range(text).contains(ip(one)))).toEqual([]);
    expect(outside.filter((one) => range(text).contains(ip(one)))).toEqual([]);
  });

  it('agrees with arithmetic on whole numbers', () => {
    const pairs = fc.oneof(
      fc.record({ bits: fc.constant(32), base: octets, other: octets, prefix: fc.nat(32) }),
      fc.record({ bits: fc.constant(128), base: hex, other: hex, prefix: fc.nat(128) }),
    );
    fc.assert(
      fc.property(pairs, fc.boolean(), ({ bits, base, other, prefix }, same) => {
        const candidate = same ? base : other;
        fc.pre(ip(base).version === ip(candidate).version);
        const shift = BigInt(bits - prefix);
        const expected = bigOf(base) >> shift === bigOf(candidate) >> shift;
        expect(IpRange.of(ip(base), prefix).contains(ip(candidate))).toBe(expected);
      }),
    );
  });

  it('proposes a network that is right', () => {
    fc.assert(
      fc.property(octets, fc.nat(32), (text, prefix) => {
        const proposal = /did you mean (\S+)\?/.exec(problemOf(`${text}/${prefix}`) ?? '')?.[1] ?? `${text}/${prefix}`;
        expect(range(proposal).contains(ip(text))).toBe(true);
        expect(range(proposal).prefix).toBe(prefix);
      }),
    );
  });

  it.each([
    '10.0.0.0/8',
    '172.16.0.0/12',
    '172.31.255.0/24',
    '192.168.0.1',
    '127.0.0.1',
    '169.254.1.1',
    '::1',
    'fd00::/8',
    'fe80::/64',
  ])('%s is private', (text) => expect(range(text).isPrivate).toBe(true));

  it.each([
    '10.0.0.0/7',
    '172.32.0.0/16',
    '172.0.0.0/8',
    '100.64.0.0/10',
    '192.0.2.1',
    '8.8.8.8',
    '2001:db8::/32',
    '::/127',
    'fc00::/6',
    '0.0.0.0/0',
  ])('%s is public', (text) => expect(range(text).isPrivate).toBe(false));

  it('covers what lies wholly inside', () => {
    expect(range('10.0.0.0/8').covers(range('10.1.0.0/16'))).toBe(true);
    expect(range('10.0.0.0/8').covers(range('10.0.0.0/8'))).toBe(true);
    expect(range('10.1.0.0/16').covers(range('10.0.0.0/8'))).toBe(false);
    expect(range('::/0').covers(range('10.0.0.0/8'))).toBe(false);
  });
});
