import { isIPv4, isIPv6 } from 'node:net';

/**
 * An address as four signed 32 bit words, most significant first. IPv4 lives in its IPv4-mapped form (`::ffff:a.b.c.d`), so
 * the two spellings of one address are equal by construction. Signed, because V8 keeps such numbers out of the heap.
 */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly w0: number;
  readonly w1: number;
  readonly w2: number;
  readonly w3: number;
}

const MAPPED = 0xffff;
const MAPPED_BITS = 96;

/**
 * Reads one IPv4 or IPv6 address, strictly: no octal, short, hexadecimal or blank-padded forms, which other programs read
 * differently. An IPv6 zone (`fe80::1%eth0`) is dropped, for sockets report it. Null for anything else.
 */
export function parseAddress(text: string): IpAddress | null {
  if (isIPv4(text)) return address(0, 0, MAPPED, quad(text));
  if (!isIPv6(text)) return null;
  const words = wordsOf(withoutZone(text));
  return address(words[0] ?? 0, words[1] ?? 0, words[2] ?? 0, words[3] ?? 0);
}

/** The one canonical text of an address: dotted decimal, or RFC 5952 for IPv6. */
export function formatAddress(ip: IpAddress): string {
  if (ip.version === 4) return [24, 16, 8, 0].map((shift) => (ip.w3 >>> shift) & 0xff).join('.');
  const groups = [ip.w0, ip.w1, ip.w2, ip.w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const texts = groups.map((group) => group.toString(16));
  const gap = longestGap(groups);
  if (gap.length < 2) return texts.join(':');
  return `${texts.slice(0, gap.start).join(':')}::${texts.slice(gap.start + gap.length).join(':')}`;
}

function isSameAddress(one: IpAddress, other: IpAddress): boolean {
  return one.w3 === other.w3 && one.w2 === other.w2 && one.w1 === other.w1 && one.w0 === other.w0;
}

/** One address or a network in CIDR notation. IPv4 ranges hold IPv4 (mapped or not), IPv6 ranges hold IPv6, never each other. */
export class IpRange {
  private constructor(
    private readonly network: IpAddress,
    private readonly mask: IpAddress,
    /** Length of the prefix as it is written: 0–32 or 0–128. */
    readonly prefix: number,
  ) {
    Object.freeze(this);
  }

  /** Reads `10.0.0.7`, `10.0.0.0/24`, `2001:db8::/32`; a problem is the rest of a sentence that begins with the text. */
  static parse(text: string): IpRange | { readonly problem: string } {
    const [head = '', tail, ...more] = text.split('/');
    if (head.includes('%')) return { problem: 'names a zone; write the address without "%" and what follows it' };
    const base = parseAddress(head);
    if (!base || more.length > 0) return { problem: addressProblem(head) };
    const prefix = tail === undefined ? bitsOf(base) : readPrefix(tail, base, head);
    if (typeof prefix !== 'number') return prefix;
    const range = IpRange.of(base, prefix);
    if (isSameAddress(range.network, base)) return range;
    return { problem: `has bits set behind its prefix; did you mean ${range.toString()}?` };
  }

  /** The range of the given prefix length around an address. */
  static of(ip: IpAddress, prefix: number): IpRange {
    const mask = maskOf(ip.version === 4 ? prefix + MAPPED_BITS : prefix, ip.version);
    const network = { ...ip, w0: ip.w0 & mask.w0, w1: ip.w1 & mask.w1, w2: ip.w2 & mask.w2, w3: ip.w3 & mask.w3 };
    return new IpRange(Object.freeze(network), mask, prefix);
  }

  /** Asked on every request: compares four numbers, allocates nothing. */
  contains(ip: IpAddress): boolean {
    const { network, mask } = this;
    return (
      ip.version === network.version &&
      (ip.w3 & mask.w3) === network.w3 &&
      (ip.w2 & mask.w2) === network.w2 &&
      (ip.w1 & mask.w1) === network.w1 &&
      (ip.w0 & mask.w0) === network.w0
    );
  }

  /** True when every address of the other range is also in this one; equal ranges cover each other. */
  covers(other: IpRange): boolean {
    return this.prefix <= other.prefix && this.contains(other.network);
  }

  get version(): 4 | 6 {
    return this.network.version;
  }

  /** The whole range cannot be routed on the internet. Shared (100.64/10) and documentation space count as public. */
  get isPrivate(): boolean {
    return PRIVATE.some((range) => range.covers(this));
  }

  get isLoopback(): boolean {
    return LOOPBACK.some((range) => range.covers(this));
  }

  /** Canonical: `10.0.0.7` for one address, `10.0.0.0/24` for more. Equal ranges have equal texts. */
  toString(): string {
    return this.prefix === bitsOf(this.network)
      ? formatAddress(this.network)
      : `${formatAddress(this.network)}/${this.prefix}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

const LOOPBACK = ['127.0.0.0/8', '::1'].map(known);
const PRIVATE = [
  ...LOOPBACK,
  ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'].map(known),
];

function known(text: string): IpRange {
  const range = IpRange.parse(text);
  if (range instanceof IpRange) return range;
  throw new Error(`${text} ${range.problem}`);
}

function bitsOf(ip: IpAddress): number {
  return ip.version === 4 ? 32 : 128;
}

/** The prefix behind the slash, for the address as it was written before it. */
function readPrefix(text: string, ip: IpAddress, written: string): number | { readonly problem: string } {
  // "::ffff:10.0.0.0/104" is 10.0.0.0/8: the prefix counts the mapping's own 96 bits as well.
  const least = ip.version === 4 && written.includes(':') ? MAPPED_BITS : 0;
  const most = bitsOf(ip) + least;
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text))
    return { problem: `has a prefix that is not a number from ${least} to ${most}` };
  const prefix = Number(text);
  return prefix >= least && prefix <= most ? prefix - least : { problem: `has a prefix outside ${least} to ${most}` };
}

function address(w0: number, w1: number, w2: number, w3: number): IpAddress {
  return { version: w0 === 0 && w1 === 0 && w2 === MAPPED ? 4 : 6, w0, w1, w2, w3 };
}

function maskOf(prefix: number, version: 4 | 6): IpAddress {
  const word = (index: number): number => {
    const bits = Math.min(32, Math.max(0, prefix - 32 * index));
    return bits === 0 ? 0 : -1 << (32 - bits);
  };
  return Object.freeze({ version, w0: word(0), w1: word(1), w2: word(2), w3: word(3) });
}

function quad(text: string): number {
  return text.split('.').reduce((sum, octet) => (sum << 8) | Number(octet), 0);
}

function withoutZone(text: string): string {
  const zone = text.indexOf('%');
  return zone === -1 ? text : text.slice(0, zone);
}

/** The words of a text that `isIPv6` has accepted. */
function wordsOf(text: string): number[] {
  const dotted = text.includes('.') ? text.slice(text.lastIndexOf(':') + 1) : null;
  const number = dotted === null ? 0 : quad(dotted);
  const hex =
    dotted === null ? text : text.slice(0, -dotted.length) + `${hex16(number >>> 16)}:${hex16(number & 0xffff)}`;
  const [front = '', back] = hex.split('::');
  const before = front.split(':').filter(Boolean);
  const after = (back ?? '').split(':').filter(Boolean);
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => parseInt(group, 16));
  return [0, 2, 4, 6].map((at) => ((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0));
}

function hex16(number: number): string {
  return number.toString(16);
}

/** The first of the longest runs of zero groups, which RFC 5952 shortens to `::`. */
function longestGap(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, index) => {
    if (group !== 0) start = index + 1;
    else if (index + 1 - start > best.length) best = { start, length: index + 1 - start };
  });
  return best;
}

function addressProblem(text: string): string {
  if (/^[\d.]+$/.test(text)) {
    if (text.split('.').length !== 4) return 'is not an IP address: IPv4 has four numbers, such as 10.0.0.1';
    if (/(?:^|\.)0\d/.test(text)) return 'is not an IP address: a number with a leading zero may be read as octal';
  }
  return 'is not an IP address or a network such as 10.0.0.0/24';
}
