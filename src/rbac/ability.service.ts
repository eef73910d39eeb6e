import { createMongoAbility, type MongoAbility, type RawRuleOf, subject as asSubject } from '@casl/ability';
import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { PermissionCatalogue } from './permission-catalogue.js';

export type Ability = MongoAbility<[string, string | object]>;
type Rule = RawRuleOf<Ability>;

/** A row as far as `own` conditions look at it. What belongs to several customers is one's own if all of them are; to none: nobody's. */
export type OwnedRow = { readonly customerId: number } | { readonly customerIds: readonly number[] };

export function customerIdsOf(row: OwnedRow): readonly number[] {
  return 'customerIds' in row ? row.customerIds : [row.customerId];
}

/** The row as CASL is to see it: once for each customer, and each time it must be allowed. */
export function subjectsOf(subject: string, row: OwnedRow): object[] {
  const owners: readonly (number | null)[] = customerIdsOf(row);
  return (owners.length > 0 ? owners : [null]).map((customerId) => asSubject(subject, { customerId }));
}

/** What a principal may do, as CASL rules made of its permissions. Built once for each principal object. */
@Injectable()
export class AbilityService {
  private readonly abilities = new WeakMap<Principal, Ability>();
  private readonly rights = new WeakMap<Principal, Map<PermissionDefinition, string | null>>();

  constructor(private readonly catalogue: PermissionCatalogue) {}

  for(principal: Principal): Ability {
    let ability = this.abilities.get(principal);
    if (!ability) {
      ability = createMongoAbility<[string, string | object]>(this.rulesOf(principal));
      this.abilities.set(principal, ability);
    }
    return ability;
  }

  /** May the principal ever do this (to this field)? Conditions are not looked at: that is the service's part. */
  mayEver(principal: Principal, permission: PermissionDefinition, field?: string): boolean {
    return this.for(principal).can(permission.action, permission.subject, field);
  }

  /**
   * The identifier of the right that lets the principal in, or null where none ever does: the whole one where it has it,
   * else its own form. A principal object never changes, so each answer is found once.
   */
  rightFor(principal: Principal, permission: PermissionDefinition): string | null {
    let rights = this.rights.get(principal);
    if (!rights) this.rights.set(principal, (rights = new Map<PermissionDefinition, string | null>()));
    let right = rights.get(permission);
    if (right === undefined) {
      right = this.mayEver(principal, permission) ? this.rightUsed(principal, permission) : null;
      rights.set(permission, right);
    }
    return right;
  }

  private rightUsed({ permissions }: Principal, { identifier, action, subject }: PermissionDefinition): string {
    if (permissions.has(identifier) || permissions.has('admin')) return identifier;
    const isOther = (it: string): boolean => {
      const held = this.catalogue.find(it);
      return held?.subject === subject && opens(held, action);
    };
    return [...permissions].find(isOther) ?? identifier;
  }

  /** May the principal do this to this very row (and to this field of it)? */
  may(principal: Principal, permission: PermissionDefinition, row: OwnedRow, field?: string): boolean {
    const ability = this.for(principal);
    return subjectsOf(permission.subject, row).every((it) => ability.can(permission.action, it, field));
  }

  private rulesOf(principal: Principal): Rule[] {
    return [...principal.permissions].flatMap((identifier) => {
      const definition = this.catalogue.find(identifier);
      return definition ? [ruleOf(definition, principal)] : [];
    });
  }
}

/** Whether the permission is one of those by which a route with this action is entered. */
export function opens({ action, also = [] }: PermissionDefinition, wanted: string): boolean {
  return action === wanted || also.includes(wanted);
}

function ruleOf(definition: PermissionDefinition, principal: Principal): Rule {
  return {
    action: [definition.action, ...(definition.also ?? [])],
    subject: definition.subject,
    ...(definition.own ? { conditions: { customerId: { $in: [...principal.customerIds] } } } : {}),
    ...(definition.fields ? { fields: [...definition.fields] } : {}),
  };
}
