import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { Principal } from '../common/principal.js';
import { Revisions } from '../platform/database/revisions.js';

const CAPACITY = 10_000;

/**
 * Principals of credentials that were verified a moment ago, by digest of the credential. Every change of a key, user,
 * role or session empties it at once on this node and within a second on others; while nobody can say whether something
 * changed, nothing in it counts. Expiry is judged by the clock at each use.
 */
@Injectable()
export class VerifiedCredentials {
  private readonly principals = new Map<string, Principal>();
  /** The end of each verification that others of the same credential may wait for. */
  private readonly underway = new Map<string, Promise<void>>();
  hits = 0;
  misses = 0;

  constructor(
    private readonly revisions: Revisions,
    private readonly clock: Clock,
  ) {
    revisions.onStale(() => this.principals.clear());
  }

  get size(): number {
    return this.principals.size;
  }

  /** The principal of a credential that was verified a moment ago, at once; null where it has to be verified. */
  find(credential: string): Principal | null {
    const known = this.principals.get(nameOf(credential));
    if (!known || !this.revisions.isFresh() || this.isOver(known)) return null;
    this.hits += 1;
    return known;
  }

  /**
   * The same, else what `verify` finds. A failed verification is not remembered, nor what `keeps` rejects. Of many requests at
   * once only the first asks the database: the others wait for what it leaves here, and verify for themselves where that
   * is nothing, for whatever reason.
   */
  async get(
    credential: string,
    verify: () => Promise<Principal>,
    keeps: (principal: Principal) => boolean = () => true,
  ): Promise<Principal> {
    const name = nameOf(credential);
    const first = this.underway.get(name);
    if (first && this.revisions.isFresh()) await first;
    const known = this.find(credential);
    if (known) return known;
    this.misses += 1;
    const verification = this.verified(name, verify, keeps);
    const end = verification.then(nothing, nothing);
    this.underway.set(name, end);
    void end.then(() => {
      if (this.underway.get(name) === end) this.underway.delete(name);
    });
    return verification;
  }

  private async verified(
    name: string,
    verify: () => Promise<Principal>,
    keeps: (principal: Principal) => boolean,
  ): Promise<Principal> {
    const { epoch } = this.revisions;
    const principal = await verify();
    // What was read before a change must not outlive it.
    if (epoch === this.revisions.epoch && keeps(principal)) this.keep(name, principal);
    return principal;
  }

  private isOver({ expiresAt }: Principal): boolean {
    return expiresAt !== null && expiresAt <= this.clock.instant();
  }

  private keep(name: string, principal: Principal): void {
    if (this.principals.size >= CAPACITY) {
      const [oldest] = this.principals.keys();
      if (oldest !== undefined) this.principals.delete(oldest);
    }
    this.principals.set(name, principal);
  }
}

function nothing(): void {
  // How a verification ended is its own request's affair.
}

/** Not the credential itself: what is kept lets nobody in, and looking it up tells nothing about it by its time. */
function nameOf(credential: string): string {
  return hash('sha256', credential, 'base64');
}
