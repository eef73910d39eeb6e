import { Injectable } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import type { Role } from './role.entity.js';

/** Those who can have a role, as far as rbac must know: the features above register theirs, for it may not know them. */
export interface RoleHolders {
  /** What they are called: one, and many. */
  readonly noun: readonly [one: string, many: string];
  count(roleId: number): Promise<number>;
  /** The customers that the role's `own` permissions speak of, over all who have it. */
  customerIds(roleId: number): Promise<number[]>;
  /** Everybody gets the replacement instead, by the very rules by which they would get it one by one. */
  replace(principal: Principal, role: Role, replacement: Role): Promise<void>;
  /** Takes the role from what is over and kept for the record alone. */
  release(roleId: number): Promise<void>;
}

/** Asks all who can have a role at once. */
@Injectable()
export class RoleAssignments {
  private readonly sources: RoleHolders[] = [];

  register(source: RoleHolders): void {
    this.sources.push(source);
  }

  /** In words, such as "2 users and 1 API key"; null when nobody has it. */
  async holdersOf(roleId: number): Promise<string | null> {
    const found: string[] = [];
    for (const source of this.sources) {
      const count = await source.count(roleId);
      if (count > 0) found.push(`${count} ${source.noun[count === 1 ? 0 : 1]}`);
    }
    return found.length > 0 ? found.join(' and ') : null;
  }

  async customerIdsOf(roleId: number): Promise<number[]> {
    const ids = new Set<number>();
    for (const source of this.sources) for (const id of await source.customerIds(roleId)) ids.add(id);
    return [...ids];
  }

  async replace(principal: Principal, role: Role, replacement: Role): Promise<void> {
    for (const source of this.sources) await source.replace(principal, role, replacement);
  }

  async release(roleId: number): Promise<void> {
    for (const source of this.sources) await source.release(roleId);
  }
}
