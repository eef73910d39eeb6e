import { Injectable } from '@nestjs/common';
import { Unauthenticated } from '../common/errors.js';
import type { Principal, PrincipalKind } from '../common/principal.js';
import { Database } from '../platform/database/database.js';
import { RbacErrors } from './rbac.errors.js';
import { RolesRepository } from './roles.repository.js';

/** A giver as its own feature finds it now: what it holds, and through which roles. */
export interface PresentGiver {
  readonly principal: Principal;
  readonly direct: readonly string[];
  readonly roleIds: readonly number[];
}

/** Locks the giver's own rows against change, then reads it; null when it is let in no more. */
export type GiverSource = (id: number) => Promise<PresentGiver | null>;

/**
 * A request is judged by the principal that it came with, and may wait behind the one that ends that principal. Whoever
 * hands rights out is read again inside the transaction that does it; features with principals register how.
 */
@Injectable()
export class PresentGivers {
  private readonly sources = new Map<PrincipalKind, GiverSource>();

  constructor(
    private readonly database: Database,
    private readonly roles: RolesRepository,
  ) {}

  register(kind: PrincipalKind, source: GiverSource): void {
    this.sources.set(kind, source);
  }

  /** To be called first in the transaction: what is read before the locks may be older than they are. */
  async of(giver: Principal): Promise<Principal> {
    if (!this.database.isInTransaction()) throw new Error('a giver is read in the transaction that hands rights out');
    const source = this.sources.get(giver.kind);
    if (!source || giver.id === null) return giver;
    const present = await source(giver.id);
    if (!present) throw new Unauthenticated(RbacErrors.giverGone);
    const { principal, direct, roleIds } = present;
    const given = new Set([...direct, ...(await this.roles.share(roleIds)).flatMap((role) => role.permissions)]);
    const permissions = new Set([...principal.permissions].filter((identifier) => given.has(identifier)));
    return { ...giver, permissions, customerIds: principal.customerIds };
  }
}
