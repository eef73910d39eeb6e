import { Injectable } from '@nestjs/common';
import type { Principal, PrincipalKind } from '../common/principal.js';

/** One way in which rights came to a principal: through a role, or directly (null). */
export interface Assignment {
  readonly role: string | null;
  readonly permissions: readonly string[];
}

/** A principal as its own feature knows it, whether or not it is asking right now. */
export interface KnownPrincipal {
  /** The row's id; of a trusted address the address or network itself. */
  readonly id: number | string;
  /** Its place in the order of its source. */
  readonly position: number;
  /** As a route would meet it. */
  readonly principal: Principal;
  readonly assignments: readonly Assignment[];
  /** Why it is let in nowhere, in a sentence; null = it is let in. */
  readonly obstacle: string | null;
  /** What it would not get even if it were granted; null = it may be given anything. */
  readonly bar: { readonly reason: string; bars(identifier: string): boolean } | null;
  /** Whether it can be tied to customers. */
  readonly takesCustomers: boolean;
  /** What the asker may know it by. */
  nameFor(asker: Principal): string;
}

/** A stretch of a source, in the order of `position`. */
export interface Slice {
  readonly after: number;
  readonly limit: number;
  /** Who has none of these roles may be left out where all rights come through roles; null = everybody. */
  readonly roleIds: readonly number[] | null;
}

/** Each feature that has principals registers one: rbac may not know them, and explanations must. */
export interface PrincipalSource {
  readonly kind: PrincipalKind;
  find(id: number | string): Promise<KnownPrincipal | null>;
  /** Those who are let in. Fewer than `limit` means that there are no more. */
  list(slice: Slice): Promise<KnownPrincipal[]>;
}

/** The order of lists; modules register in whatever order they are made. */
const ORDER: readonly PrincipalKind[] = ['user', 'api_key', 'personal_token', 'address'];

@Injectable()
export class KnownPrincipals {
  private registered: readonly PrincipalSource[] = [];

  get sources(): readonly PrincipalSource[] {
    return this.registered;
  }

  register(source: PrincipalSource): void {
    const place = ({ kind }: PrincipalSource): number => ORDER.indexOf(kind);
    this.registered = [...this.registered, source].sort((a, b) => place(a) - place(b));
  }

  async find(kind: string, id: number | string): Promise<KnownPrincipal | null> {
    return (await this.registered.find((source) => source.kind === kind)?.find(id)) ?? null;
  }
}
