import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AbilityService, customerIdsOf, type OwnedRow } from './ability.service.js';

/** Which rows a permission reaches: all of them, or those of these customers (none, when the list is empty). */
export type RowScope =
  { readonly kind: 'all' } | { readonly kind: 'customers'; readonly customerIds: readonly number[] };

interface Condition {
  readonly operator: string;
  readonly value: unknown;
  readonly field?: string;
}

/** What of a CASL rule is read. */
interface Readable {
  readonly inverted: boolean;
  readonly conditions?: unknown;
  readonly ast?: unknown;
}

/**
 * Turns a principal's CASL rules into what a repository narrows its SQL by. A condition that it does not understand is
 * an error, never "no condition": a list must not widen because somebody wrote a new kind of rule.
 */
@Injectable()
export class RowScopes {
  constructor(private readonly abilities: AbilityService) {}

  /** With a field: the rows in which the permission covers it. */
  for(principal: Principal, { action, subject }: PermissionDefinition, field?: string): RowScope {
    const rules = this.abilities.for(principal).rulesFor(action, subject, field);
    return union(rules.map((rule) => scopeOfRule(rule)));
  }
}

/** The same rule for one row that was read already. */
export function reaches(scope: RowScope, row: OwnedRow): boolean {
  if (scope.kind === 'all') return true;
  const owners = customerIdsOf(row);
  return owners.length > 0 && owners.every((customerId) => scope.customerIds.includes(customerId));
}

/** Whether every row of `inner` is one of `outer`. */
export function covers(outer: RowScope, inner: RowScope): boolean {
  if (outer.kind === 'all') return true;
  return inner.kind === 'customers' && inner.customerIds.every((customerId) => outer.customerIds.includes(customerId));
}

function scopeOfRule({ inverted, conditions, ast }: Readable): RowScope {
  if (inverted) throw new Error('a rule that forbids cannot be turned into SQL');
  if (!conditions) return { kind: 'all' };
  if (!ast) throw new Error('a rule without a readable condition cannot be turned into SQL');
  return scopeOf(ast as Condition);
}

function scopeOf({ operator, value, field }: Condition): RowScope {
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
