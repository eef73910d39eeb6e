import { Injectable } from '@nestjs/common';
import { type Access, isForKind } from '../common/access.decorators.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AbilityService, customerIdsOf, opens, type OwnedRow } from '../rbac/ability.service.js';
import type { KnownPrincipal } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';

/** What narrows a right: rows of these customers only, and only these fields of them (null = all). */
export interface Condition {
  readonly customerIds: readonly number[] | null;
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

/** What is to be done, to which row, and to which field of it; without a row: ever, to any. */
export interface Deed {
  readonly access: Access;
  readonly row: OwnedRow | null;
  readonly field: string | undefined;
}

type Demand = Omit<Deed, 'access'> & { readonly permission: PermissionDefinition };

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

  judge(known: KnownPrincipal, { access, row, field }: Deed): Verdict {
    if (access.kind === 'public') return YES;
    if (known.obstacle !== null) return { ...YES, allowed: false, reason: known.obstacle };
    if (!isForKind(access, known.principal.kind)) {
      return { ...YES, allowed: false, reason: `This is only for: ${access.principals.join(', ')}.` };
    }
    return access.kind === 'permission'
      ? this.judgePermission(known, { permission: access.permission, row, field })
      : YES;
  }

  private judgePermission(known: KnownPrincipal, demand: Demand): Verdict {
    const { principal } = known;
    const { permission } = demand;
    if (this.may(principal, demand)) return { ...YES, because: this.grounds(known, demand) };
    // Of the two conditions, the one that stands in the way: the field, if the row is reached; else the row.
    const without = demand.field === undefined ? null : { ...demand, field: undefined };
    const isMasked = without !== null && this.may(principal, without);
    const nearest = isMasked ? without : { ...demand, row: null, field: undefined };
    const isOutside = this.may(principal, nearest);
    const wide = this.variantsOf(permission).filter(({ own, fields }) => !own && !fields);
    return {
      allowed: false,
      because: isOutside ? this.grounds(known, nearest) : [],
      missing: isOutside && wide.length > 0 ? wide.map(({ identifier }) => identifier) : [permission.identifier],
      smallestGrant: this.smallestGrant(known, demand),
      reason: isMasked ? MASKED : isOutside ? OUTSIDE : lack(known, permission),
    };
  }

  /** Without a row: may it ever? With one: may it do this to this row? The two questions that every request is asked. */
  private may(principal: Principal, { permission, row, field }: Demand): boolean {
    return row
      ? this.abilities.may(principal, permission, row, field)
      : this.abilities.mayEver(principal, permission, field);
  }

  /** Each permission that would be enough by itself, once for each role that brings it. */
  private grounds({ principal, assignments }: KnownPrincipal, demand: Demand): Ground[] {
    const isEnough = (identifier: string): boolean =>
      this.may({ ...principal, permissions: new Set([identifier]) }, demand);
    return assignments.flatMap(({ role, permissions }) =>
      permissions
        .filter((identifier) => principal.permissions.has(identifier) && isEnough(identifier))
        .map((identifier) => ({ role, permission: identifier, condition: this.conditionOf(identifier, principal) })),
    );
  }

  private conditionOf(identifier: string, { customerIds }: Principal): Condition | null {
    const { own = false, fields = null } = this.catalogue.find(identifier) ?? {};
    return own || fields ? { customerIds: own ? customerIds : null, fields } : null;
  }

  private smallestGrant(known: KnownPrincipal, demand: Demand): Grant | null {
    const { principal } = known;
    for (const grant of this.candidates(known, demand)) {
      const permissions = new Set([...principal.permissions, ...(grant.permission === null ? [] : [grant.permission])]);
      const customerIds = [...principal.customerIds, ...(grant.customerId === null ? [] : [grant.customerId])];
      if (this.may({ ...principal, permissions, customerIds }, demand)) return grant;
    }
    return null;
  }

  /**
   * From the least to the most: a customer more, a right over one's own rows where one has any, a right over all rows.
   * What stands for several actions, or leaves fields out, is offered to whoever asks for it by name.
   */
  private candidates({ principal, bar, takesCustomers }: KnownPrincipal, { permission, row }: Demand): Grant[] {
    const variants = this.variantsOf(permission).filter(({ own, fields, also }) => !also && (own || !fields));
    const own = variants.filter((variant) => variant.own && principal.customerIds.length > 0);
    const permissions = [...own, permission, ...variants.filter((variant) => !variant.own)]
      .map(({ identifier }) => identifier)
      .filter((identifier) => !bar?.bars(identifier));
    const foreign = row ? customerIdsOf(row).filter((customerId) => !principal.customerIds.includes(customerId)) : [];
    const customers = foreign.length === 1 && takesCustomers ? foreign : [];
    return [
      ...customers.map((customerId) => ({ permission: null, customerId })),
      ...permissions.map((identifier) => ({ permission: identifier, customerId: null })),
    ];
  }

  /** `view_customer` and `view_own_customer` are one action on one subject. */
  private variantsOf({ action, subject }: PermissionDefinition): PermissionDefinition[] {
    return this.catalogue.list().filter((it) => it.subject === subject && opens(it, action));
  }
}

const MASKED = 'What it holds does not cover this field here.';
const OUTSIDE = 'What it holds reaches only rows of its own customers, and this is none.';

function lack({ bar }: KnownPrincipal, { identifier }: PermissionDefinition): string {
  return `It does not hold ${identifier}${bar?.bars(identifier) ? `, and cannot: ${bar.reason}` : ''}.`;
}
