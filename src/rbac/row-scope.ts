import { Injectable } from '@nestjs/common';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import type { Parameters } from '../platform/database/rows.js';
import type { ScopeFilter, Stretch } from '../platform/paging/list-definition.js';
import { AbilityService, customerIdsOf, type OwnedRow } from './ability.service.js';

/** Which rows a permission reaches: all of them, or those of these customers (none, when the list is empty), in order. */
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
  private readonly scopes = new WeakMap<Principal, Map<PermissionDefinition, RowScope>>();

  constructor(private readonly abilities: AbilityService) {}

  /**
   * With a field: the rows in which the permission covers it. The scope of a whole permission is found once for each
   * principal object, which never changes.
   */
  for(principal: Principal, permission: PermissionDefinition, field?: string): RowScope {
    if (field !== undefined) return this.find(principal, permission, field);
    let scopes = this.scopes.get(principal);
    if (!scopes) this.scopes.set(principal, (scopes = new Map<PermissionDefinition, RowScope>()));
    let scope = scopes.get(permission);
    if (!scope) scopes.set(permission, (scope = this.find(principal, permission)));
    return scope;
  }

  private find(principal: Principal, { action, subject }: PermissionDefinition, field?: string): RowScope {
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
  return { kind: 'customers', customerIds: [...ids].sort((one, other) => one - other) };
}

/** Narrows the list of customers itself to a scope. `column` is its id: a piece of the scope is a piece of the list. */
export function within(column: string): ScopeFilter<RowScope> {
  return {
    // Few texts for all principals: a list of ids is filled up to one of four lengths between two powers of two.
    shape: (scope) => (scope.kind === 'all' ? 'all' : paddedLength(scope.customerIds)),
    where: (rows, scope) => {
      if (scope.kind === 'all') return;
      if (scope.customerIds.length === 0) rows.andWhere('1 = 0');
      else rows.andWhere(`${column} IN (:...scope)`, { scope: padded(scope.customerIds) });
    },
    bind: (scope): Parameters =>
      scope.kind === 'all' || scope.customerIds.length === 0 ? {} : { scope: padded(scope.customerIds) },
    pieces,
  };
}

/** Each piece is four times as long as the one before: customers that are gone cost a few statements, not one each. */
function* pieces(scope: RowScope, { after, isDescending, count }: Stretch): Generator<RowScope> {
  if (scope.kind === 'all') {
    yield scope;
    return;
  }
  const ids = isDescending ? scope.customerIds.toReversed() : scope.customerIds;
  const isAhead = (id: number): boolean => after === null || (isDescending ? id < after : id > after);
  const ahead = ids.filter(isAhead);
  for (let from = 0, length = count; from < ahead.length; from += length, length *= 4) {
    yield { kind: 'customers', customerIds: ahead.slice(from, from + length) };
  }
}

function paddedLength({ length }: readonly number[]): number {
  if (length < 8) return length;
  const step = 2 ** (Math.floor(Math.log2(length)) - 2);
  return Math.ceil(length / step) * step;
}

/** The last id again and again: it finds nothing that it has not found already. */
function padded(ids: readonly number[]): readonly number[] {
  const missing = paddedLength(ids) - ids.length;
  return missing === 0 ? ids : [...ids, ...Array<number>(missing).fill(ids.at(-1) ?? 0)];
}
