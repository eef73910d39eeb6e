import type { IncomingHttpHeaders } from 'node:http';
import { boundedMemo } from './bounded-memo.js';
import { formatAddress, type IpAddress, type IpRange, parseAddress } from './ip-range.js';

export interface ClientAddress {
  readonly ip: IpAddress | null;
  readonly address: string;
  readonly forwardedByStranger: boolean;
  readonly isProxy: boolean;
  readonly isSecure: boolean;
}

export interface Peer {
  readonly remoteAddress: string | undefined;
  readonly isTls: boolean;
  readonly headers: IncomingHttpHeaders;
}

/** What proxies add, beside everything that begins with `x-forwarded`. */
const FORWARDING = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'forwarded-for',
  'true-client-ip',
  'via',
  'x-azure-clientip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'x-original-forwarded-for',
  'x-original-host',
  'x-originating-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-remote-ip',
]);

/**
 * Who is really asking. `X-Forwarded-For` counts only from a trusted proxy and is read from the right: the first address
 * that is no trusted proxy is the client, whatever stands left of it. From anybody else no header is believed.
 */
export function clientAddress(peer: Peer, trustedProxies: readonly IpRange[]): ClientAddress {
  const { ip: direct, address } = peerAt(peer.remoteAddress ?? '');
  const isTrusted = (ip: IpAddress | null): boolean =>
    ip !== null && trustedProxies.some((range) => range.contains(ip));
  if (!isTrusted(direct)) {
    const forwardedByStranger = carriesForwarding(peer.headers);
    return { ip: direct, address, forwardedByStranger, isProxy: false, isSecure: peer.isTls };
  }
  const forwardedFor = header(peer.headers['x-forwarded-for']);
  // Without the header the proxy asks for itself, e.g. to see whether we are well.
  const hops = forwardedFor === '' ? [] : forwardedFor.split(',');
  let client = direct;
  while (hops.length > 0 && isTrusted(client)) client = parseAddress((hops.pop() ?? '').trim());
  return {
    ip: client,
    address: text(client),
    forwardedByStranger: false,
    isProxy: isTrusted(client),
    isSecure: header(peer.headers['x-forwarded-proto']).split(',').at(-1)?.trim().toLowerCase() === 'https',
  };
}

/** Few peers open many connections and send many requests each. */
const peerAt = boundedMemo(1_000, (remoteAddress: string): { ip: IpAddress | null; address: string } => {
  const ip = parseAddress(remoteAddress);
  return { ip, address: text(ip) };
});

/** A hop that is no address ends the chain: what stands left of it was written by nobody we trust. */
function text(ip: IpAddress | null): string {
  return ip === null ? 'unknown' : formatAddress(ip);
}

function carriesForwarding(headers: IncomingHttpHeaders): boolean {
  for (const name in headers) if (FORWARDING.has(name) || name.startsWith('x-forwarded')) return true;
  return false;
}

function header(value: string | string[] | undefined): string {
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}
