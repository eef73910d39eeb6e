import { createMongoAbility, type MongoAbility, type RawRuleOf, subject as asSubject } from '@casl/ability';
import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { PermissionCatalogue } from './permission-catalogue.js';

export type Ability = MongoAbility<[string, string | object]>;
type Rule = RawRuleOf<Ability>;

/** A row as far as `own` conditions look at it. */
export interface OwnedRow {
  readonly customerId: number;
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

  /** May the principal ever do this? Conditions are not looked at: that is the service's part. */
  mayEver(principal: Principal, permission: PermissionDefinition): boolean {
    return this.for(principal).can(permission.action, permission.subject);
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
      return held?.action === action && held.subject === subject;
    };
    return [...permissions].find(isOther) ?? identifier;
  }

  /** May the principal do this to this very row (and to this field of it)? */
  may(principal: Principal, permission: PermissionDefinition, row: OwnedRow, field?: string): boolean {
    return this.for(principal).can(
      permission.action,
      asSubject(permission.subject, { customerId: row.customerId }),
      field,
    );
  }

  private rulesOf(principal: Principal): Rule[] {
    return [...principal.permissions].flatMap((identifier) => {
      const definition = this.catalogue.find(identifier);
      return definition ? [ruleOf(definition, principal)] : [];
    });
  }
}

function ruleOf(definition: PermissionDefinition, principal: Principal): Rule {
  return {
    action: definition.action,
    subject: definition.subject,
    ...(definition.own ? { conditions: { customerId: { $in: [...principal.customerIds] } } } : {}),
    ...(definition.fields ? { fields: [...definition.fields] } : {}),
  };
}
