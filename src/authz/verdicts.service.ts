import { Injectable } from '@nestjs/common';
import { type Access, isForKind } from '../common/access.decorators.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AbilityService, type OwnedRow } from '../rbac/ability.service.js';
import type { KnownPrincipal } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';

/** What narrows a right: rows of these customers only, and only these fields of them (null = all). */
export interface Condition {
  readonly customerIds: readonly number[];
  readonly fields: readonly string[] | null;
}

/** One permission that bears on the question, and the role that brought it; null = it was granted directly. */
export interface Ground {
  readonly role: string | null;
  readonly permission: string;
  /** Null = it holds for every row. */
  readonly condition: Condition | null;
}

/** One of the two: a permission more, or a customer more. */
export interface Grant {
  readonly permission: string | null;
  readonly customerId: number | null;
}

export interface Verdict {
  readonly allowed: boolean;
  /** What allows it; when only a condition stands in the way, what that condition belongs to. */
  readonly because: readonly Ground[];
  readonly missing: readonly string[];
  /** Null = it is allowed, or no grant would change it. */
  readonly smallestGrant: Grant | null;
  /** Why not, in a sentence. */
  readonly reason: string | null;
}

type Demand = Extract<Access, { kind: 'permission' }>;

const YES = { allowed: true, because: [], missing: [], smallestGrant: null, reason: null };

/**
 * Judges by the rules that guards and services judge by, and finds out what a grant would change by judging again with it.
 * It knows no rule of its own about permissions, so it cannot come to differ from what the routes do.
 */
@Injectable()
export class Verdicts {
  constructor(
    private readonly abilities: AbilityService,
    private readonly catalogue: PermissionCatalogue,
  ) {}

  judge(known: KnownPrincipal, access: Access, row: OwnedRow | null): Verdict {
    if (access.kind === 'public') return YES;
    if (known.obstacle !== null) return { ...YES, allowed: false, reason: known.obstacle };
    if (!isForKind(access, known.principal.kind)) {
      return { ...YES, allowed: false, reason: `This is only for: ${(access.principals ?? []).join(', ')}.` };
    }
    return access.kind === 'permission' ? this.judgePermission(known, access, row) : YES;
  }

  private judgePermission(known: KnownPrincipal, { permission }: Demand, row: OwnedRow | null): Verdict {
    const { principal } = known;
    if (this.may(principal, permission, row)) {
      return { ...YES, because: this.grounds(known, permission, row) };
    }
    const isOutside = this.may(principal, permission, null);
    const wide = this.variantsOf(permission).filter(({ own }) => !own);
    return {
      allowed: false,
      because: isOutside ? this.grounds(known, permission, null) : [],
      missing: isOutside && wide.length > 0 ? wide.map(({ identifier }) => identifier) : [permission.identifier],
      smallestGrant: this.smallestGrant(known, permission, row),
      reason: isOutside
        ? 'What it holds reaches only rows of its own customers, and this is none.'
        : lack(known, permission),
    };
  }

  /** Without a row: may it ever? With one: may it do this to this row? The two questions that every request is asked. */
  private may(principal: Principal, permission: PermissionDefinition, row: OwnedRow | null): boolean {
    return row ? this.abilities.may(principal, permission, row) : this.abilities.mayEver(principal, permission);
  }

  /** Each permission that would be enough by itself, once for each role that brings it. */
  private grounds(
    { principal, assignments }: KnownPrincipal,
    permission: PermissionDefinition,
    row: OwnedRow | null,
  ): Ground[] {
    const isEnough = (identifier: string): boolean =>
      this.may({ ...principal, permissions: new Set([identifier]) }, permission, row);
    return assignments.flatMap(({ role, permissions }) =>
      permissions
        .filter((identifier) => principal.permissions.has(identifier) && isEnough(identifier))
        .map((identifier) => ({ role, permission: identifier, condition: this.conditionOf(identifier, principal) })),
    );
  }

  private conditionOf(identifier: string, { customerIds }: Principal): Condition | null {
    const definition = this.catalogue.find(identifier);
    return definition?.own ? { customerIds, fields: definition.fields ?? null } : null;
  }

  private smallestGrant(known: KnownPrincipal, permission: PermissionDefinition, row: OwnedRow | null): Grant | null {
    const { principal } = known;
    for (const grant of this.candidates(known, permission, row)) {
      const permissions = new Set([...principal.permissions, ...(grant.permission === null ? [] : [grant.permission])]);
      const customerIds = [...principal.customerIds, ...(grant.customerId === null ? [] : [grant.customerId])];
      if (this.may({ ...principal, permissions, customerIds }, permission, row)) return grant;
    }
    return null;
  }

  /** From the least to the most: a customer more, a right over one's own rows where one has any, a right over all rows. */
  private candidates(known: KnownPrincipal, permission: PermissionDefinition, row: OwnedRow | null): Grant[] {
    const variants = this.variantsOf(permission);
    const own = variants.filter((variant) => variant.own && known.principal.customerIds.length > 0);
    const permissions = [...own, permission, ...variants.filter((variant) => !variant.own)]
      .map(({ identifier }) => identifier)
      .filter((identifier) => !known.bar?.bars(identifier));
    const customers = row && known.takesCustomers ? [{ permission: null, customerId: row.customerId }] : [];
    return [...customers, ...permissions.map((identifier) => ({ permission: identifier, customerId: null }))];
  }

  /** `view_customer` and `view_own_customer` are one action on one subject. */
  private variantsOf({ action, subject }: PermissionDefinition): PermissionDefinition[] {
    return this.catalogue.list().filter((it) => it.action === action && it.subject === subject);
  }
}

function lack({ bar }: KnownPrincipal, { identifier }: PermissionDefinition): string {
  return `It does not hold ${identifier}${bar?.bars(identifier) ? `, and cannot: ${bar.reason}` : ''}.`;
}
