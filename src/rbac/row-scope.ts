import { Injectable } from '@nestjs/common';
import { rulesToAST } from '@casl/ability/extra';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import type { Parameters } from '../platform/database/rows.js';
import type { Filter } from '../platform/paging/list-definition.js';
import { AbilityService } from './ability.service.js';

/** Which rows a permission reaches: all of them, or those of these customers (none, when the list is empty). */
export type RowScope =
  { readonly kind: 'all' } | { readonly kind: 'customers'; readonly customerIds: readonly number[] };

interface Condition {
  readonly operator: string;
  readonly value: unknown;
  readonly field?: string;
}

/**
 * Turns a principal's CASL rules into what a repository narrows its SQL by. A condition that it does not understand is
 * an error, never "no condition": a list must not widen because somebody wrote a new kind of rule.
 */
@Injectable()
export class RowScopes {
  private readonly scopes = new WeakMap<Principal, Map<PermissionDefinition, RowScope>>();

  constructor(private readonly abilities: AbilityService) {}

  /** Found once for each principal object, which never changes: the same scope is the same object. */
  for(principal: Principal, permission: PermissionDefinition): RowScope {
    let scopes = this.scopes.get(principal);
    if (!scopes) this.scopes.set(principal, (scopes = new Map<PermissionDefinition, RowScope>()));
    let scope = scopes.get(permission);
    if (!scope) scopes.set(permission, (scope = this.find(principal, permission)));
    return scope;
  }

  private find(principal: Principal, permission: PermissionDefinition): RowScope {
    const ast = rulesToAST(this.abilities.for(principal), permission.action, permission.subject);
    return ast === null ? { kind: 'customers', customerIds: [] } : scopeOf(ast);
  }
}

function scopeOf(condition: Condition): RowScope {
  const { operator, value, field } = condition;
  if ((operator === 'and' || operator === 'or') && Array.isArray(value)) {
    if (value.length === 0) return { kind: 'all' };
    if (operator === 'or') return union(value.map((part) => scopeOf(part as Condition)));
  }
  if (operator === 'in' && field === 'customerId' && Array.isArray(value)) {
    return { kind: 'customers', customerIds: value.map(Number) };
  }
  throw new Error(`a rule with the condition ${operator} on ${field ?? 'nothing'} cannot be turned into SQL`);
}

function union(scopes: readonly RowScope[]): RowScope {
  const ids = new Set<number>();
  for (const scope of scopes) {
    if (scope.kind === 'all') return scope;
    for (const id of scope.customerIds) ids.add(id);
  }
  return { kind: 'customers', customerIds: [...ids] };
}

export function isWithin(scope: RowScope, customerId: number): boolean {
  return scope.kind === 'all' || scope.customerIds.includes(customerId);
}

/** Narrows a list to a scope. `column` holds the customer of each row. */
export function within(column: string): Filter<RowScope> {
  return {
    // Few texts for all principals: a list of ids is filled up to the next power of two.
    shape: (scope) => (scope.kind === 'all' ? 'all' : paddedLength(scope.customerIds)),
    where: (rows, scope) => {
      if (scope.kind === 'all') return;
      if (scope.customerIds.length === 0) rows.andWhere('1 = 0');
      else rows.andWhere(`${column} IN (:...scope)`, { scope: padded(scope.customerIds) });
    },
    bind: (scope): Parameters =>
      scope.kind === 'all' || scope.customerIds.length === 0 ? {} : { scope: padded(scope.customerIds) },
  };
}

function paddedLength({ length }: readonly number[]): number {
  return length === 0 ? 0 : 2 ** Math.ceil(Math.log2(length));
}

/** The last id again and again: it finds nothing that it has not found already. */
function padded(ids: readonly number[]): readonly number[] {
  const missing = paddedLength(ids) - ids.length;
  return missing === 0 ? ids : [...ids, ...Array<number>(missing).fill(ids.at(-1) ?? 0)];
}
