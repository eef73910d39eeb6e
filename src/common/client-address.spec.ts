import fc from 'fast-check';
import { clientAddress } from './client-address.js';
import { IpRange } from './ip-range.js';

const PROXIES = ['10.0.0.0/24', '2001:db8::1'].map((text) => IpRange.parse(text) as IpRange);
const PROXY = '10.0.0.9';

const ask = (remoteAddress: string | undefined, headers: Record<string, string | string[]> = {}, isTls = false) =>
  clientAddress({ remoteAddress, isTls, headers }, PROXIES);

/** Outside of the trusted networks. */
const stranger = fc.ipV4().filter((text) => !text.startsWith('10.0.0.'));
const proxy = fc.integer({ min: 0, max: 255 }).map((last) => `10.0.0.${last}`);

describe('clientAddress', () => {
  it('believes no header of a stranger, whatever it says', () => {
    fc.assert(
      fc.property(stranger, fc.string(), fc.string(), (peer, forwardedFor, proto) => {
        const client = ask(peer, { 'x-forwarded-for': forwardedFor, 'x-forwarded-proto': proto });
        expect(client).toMatchObject({ address: peer, forwardedByStranger: true, isProxy: false, isSecure: false });
      }),
    );
  });

  it('finds the first stranger from the right, whatever stands left of it', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), stranger, fc.array(proxy), (spoofed, client, chain) => {
        const forwardedFor = [...spoofed, client, ...chain].join(',');
        expect(ask(PROXY, { 'x-forwarded-for': forwardedFor })).toMatchObject({
          address: client,
          forwardedByStranger: false,
          isProxy: false,
        });
      }),
    );
  });

  it('is a proxy when there are only proxies, with the header and without', () => {
    fc.assert(
      fc.property(fc.array(proxy, { minLength: 1 }), (chain) => {
        expect(ask(PROXY, { 'x-forwarded-for': chain.join(', ') })).toMatchObject({ address: chain[0], isProxy: true });
      }),
    );
    expect(ask(PROXY)).toMatchObject({ address: PROXY, isProxy: true });
  });

  it.each(['nonsense', '1.2.3.4:80', '[2001:db8::7]', '1.2.3', '01.2.3.4', 'unknown', ' ', '1.2.3.4,', '1.2.3.4, ,'])(
    'is nobody when the nearest hop is no address: %j',
    (forwardedFor) => {
      expect(ask(PROXY, { 'x-forwarded-for': forwardedFor })).toMatchObject({ ip: null, address: 'unknown' });
    },
  );

  it('treats the IPv4-mapped spelling of a peer and of a hop as the address itself', () => {
    expect(ask('::ffff:198.51.100.1').address).toBe('198.51.100.1');
    expect(ask('::ffff:10.0.0.9', { 'x-forwarded-for': '::ffff:198.51.100.1' }).address).toBe('198.51.100.1');
  });

  it('is nobody without a peer, and never a proxy', () => {
    expect(ask(undefined)).toMatchObject({ ip: null, address: 'unknown', isProxy: false });
    expect(ask('', { 'x-forwarded-for': '10.0.0.1' })).toMatchObject({ ip: null, forwardedByStranger: true });
  });

  it.each(['x-forwarded-host', 'x-forwarded-port', 'x-forwarded', 'forwarded', 'via', 'x-real-ip', 'cf-connecting-ip'])(
    'notices that a stranger forwards: %s',
    (name) => {
      expect(ask('198.51.100.1', { [name]: '' }).forwardedByStranger).toBe(true);
      expect(ask(PROXY, { [name]: '' }).forwardedByStranger).toBe(false);
    },
  );

  it('does not take ordinary headers for forwarding', () => {
    const headers = { host: 'x', 'user-agent': 'x', accept: '*/*', 'x-request-id': 'x', 'x-api-key': 'x' };
    expect(ask('198.51.100.1', headers).forwardedByStranger).toBe(false);
  });

  it('is secure over TLS here, or when the nearest proxy says so', () => {
    expect(ask('198.51.100.1', {}, true).isSecure).toBe(true);
    expect(ask(PROXY, { 'x-forwarded-proto': 'http, HTTPS' }).isSecure).toBe(true);
    expect(ask(PROXY, { 'x-forwarded-proto': 'https, http' }).isSecure).toBe(false);
  });
});
