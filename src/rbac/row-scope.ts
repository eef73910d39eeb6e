import { Injectable } from '@nestjs/common';
import { rulesToAST } from '@casl/ability/extra';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
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
  constructor(private readonly abilities: AbilityService) {}

  for(principal: Principal, permission: PermissionDefinition): RowScope {
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
