import { Injectable } from '@nestjs/common';
import { formatAddress, parseAddress } from '../common/ip-range.js';
import type { KnownPrincipal, PrincipalSource, Slice } from '../rbac/known-principals.js';
import { type KnownAddress, TrustedAddressesService } from './trusted-addresses.service.js';

/** The entries of `ip_whitelist`, for explanations of rights: by their network, or by an address that one of them holds. */
@Injectable()
export class KnownAddresses implements PrincipalSource {
  readonly kind = 'address';

  constructor(private readonly trusted: TrustedAddressesService) {}

  async find(id: number | string): Promise<KnownPrincipal | null> {
    const text = String(id);
    const entries = await this.trusted.known();
    const index = entries.findIndex(({ entry }) => entry.range.toString() === text);
    if (entries[index]) return this.describe(entries[index], index + 1, text);
    const ip = parseAddress(text);
    const decider = ip && this.trusted.entryFor(ip);
    const found = entries.find(({ entry }) => entry === decider);
    return ip && found ? this.describe(found, entries.indexOf(found) + 1, formatAddress(ip)) : null;
  }

  async list({ after, limit }: Slice): Promise<KnownPrincipal[]> {
    const entries = await this.trusted.known();
    return entries
      .slice(after, after + limit)
      .map((known, index) => this.describe(known, after + index + 1, known.entry.range.toString()));
  }

  private describe({ entry, principal, assignments }: KnownAddress, position: number, id: string): KnownPrincipal {
    return {
      id,
      position,
      principal,
      assignments,
      obstacle: this.trusted.isLive(entry) ? null : `The entry expired at ${entry.expiresAt}.`,
      bar: {
        reason: 'an address alone is no proof for it, unless its entry says allow_admin: true',
        bars: (identifier) => !this.trusted.mayHold(entry, identifier),
      },
      takesCustomers: false,
      nameFor: () => principal.name,
    };
  }
}
