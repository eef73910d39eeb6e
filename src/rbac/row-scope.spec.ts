import fc from 'fast-check';
import { definePermissions } from '../common/permissions.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { AbilityService } from './ability.service.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { AdminPermissions } from './rbac.permissions.js';
import { type RowScope, RowScopes, within } from './row-scope.js';

const Things = definePermissions('Thing', {
  view: { identifier: 'view_thing', action: 'view', description: 'x' },
  viewOwn: { identifier: 'view_own_thing', action: 'view', own: true, description: 'x' },
  update: { identifier: 'update_thing', action: 'update', description: 'x' },
  updateOwn: { identifier: 'update_own_thing', action: 'update', own: true, fields: ['name'], description: 'x' },
});
const Others = definePermissions('Other', { view: { identifier: 'view_other', action: 'view', description: 'x' } });
const IDENTIFIERS = [
  'admin',
  ...Object.values({ ...Things, other: Others.view }).map((it) => it.identifier),
  'undeclared',
];

function made(): { abilities: AbilityService; scopes: RowScopes } {
  const catalogue = new PermissionCatalogue();
  for (const list of [AdminPermissions, Things, Others]) catalogue.declare(list);
  const abilities = new AbilityService(catalogue);
  return { abilities, scopes: new RowScopes(abilities) };
}

function principal(permissions: string[], customerIds: number[] = []): Principal {
  return { ...systemPrincipal('x'), kind: 'user', permissions: new Set(permissions), customerIds };
}

const principals = fc
  .tuple(fc.subarray(IDENTIFIERS), fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { maxLength: 4 }))
  .map(([permissions, customerIds]) => principal(permissions, customerIds));
const permissions = fc.constantFrom(Things.view, Things.update);
const rows = fc.integer({ min: 1, max: 6 });

describe('RowScopes', () => {
  const { abilities, scopes } = made();
  const scope = (who: Principal) => scopes.for(who, Things.view);

  it('reaches all rows with the whole right, whatever else is held', () => {
    for (const held of [['view_thing'], ['admin'], ['view_thing', 'view_own_thing'], ['view_own_thing', 'admin']]) {
      expect(scope(principal(held, [7]))).toEqual({ kind: 'all' });
    }
  });

  it('reaches the own rows with the own right, and none without customers', () => {
    expect(scope(principal(['view_own_thing'], [7, 9]))).toEqual({ kind: 'customers', customerIds: [7, 9] });
    expect(scope(principal(['view_own_thing']))).toEqual({ kind: 'customers', customerIds: [] });
  });

  it('reaches nothing without a right to it', () => {
    for (const held of [[], ['view_other'], ['update_thing'], ['undeclared'], ['update_own_thing']]) {
      expect(scope(principal(held, [7]))).toEqual({ kind: 'customers', customerIds: [] });
    }
  });

  it('agrees with the ability about every row', () => {
    fc.assert(
      fc.property(principals, permissions, rows, (who, permission, customerId) => {
        const reached = scopes.for(who, permission);
        const isIn = reached.kind === 'all' || reached.customerIds.includes(customerId);
        expect(isIn).toBe(abilities.may(who, permission, { customerId }));
      }),
      { numRuns: 500 },
    );
  });

  it('opens no row to whom the route stays closed', () => {
    fc.assert(
      fc.property(principals, permissions, rows, (who, permission, customerId) => {
        if (abilities.may(who, permission, { customerId })) expect(abilities.mayEver(who, permission)).toBe(true);
      }),
    );
  });

  it('never narrows by one right more', () => {
    fc.assert(
      fc.property(
        principals,
        fc.constantFrom(...IDENTIFIERS),
        permissions,
        rows,
        (who, more, permission, customerId) => {
          const richer = { ...who, permissions: new Set([...who.permissions, more]) };
          if (abilities.may(who, permission, { customerId })) {
            expect(abilities.may(richer, permission, { customerId })).toBe(true);
          }
        },
      ),
    );
  });

  it('stops at a condition that it does not understand, instead of forgetting it', () => {
    const strange = { for: () => ({ rulesFor: () => [] }) } as unknown as AbilityService;
    const rule = { action: 'view', subject: 'Thing', conditions: { ownerId: 7 } };
    const withRule = {
      rulesFor: () => [
        { inverted: false, conditions: rule.conditions, ast: { operator: 'eq', field: 'ownerId', value: 7 } },
      ],
    };
    expect(() =>
      new RowScopes({ for: () => withRule } as unknown as AbilityService).for(principal([]), Things.view),
    ).toThrow('cannot be turned into SQL');
    expect(new RowScopes(strange).for(principal([]), Things.view)).toEqual({ kind: 'customers', customerIds: [] });
  });
});

describe('AbilityService', () => {
  const { abilities } = made();
  const row = { customerId: 7 };

  it('limits an own right to its fields, and the whole right to none', () => {
    const own = principal(['update_own_thing'], [7]);
    const may = (who: Principal, field?: string) => abilities.may(who, Things.update, row, field);
    expect([may(own, 'name'), may(own, 'status'), may(own)]).toEqual([true, false, true]);
    expect(may(principal(['update_own_thing', 'update_thing'], [7]), 'status')).toBe(true);
    expect(may(principal(['update_own_thing'], [8]), 'name')).toBe(false);
  });

  it('is built from the permissions that the principal has, and anew for each principal', () => {
    const who = principal(['view_thing']);
    expect(abilities.for(who)).toBe(abilities.for(who));
    expect(abilities.for({ ...who })).not.toBe(abilities.for(who));
  });

  it('opens everything to an administrator, also what is declared later', () => {
    const admin = principal(['admin']);
    expect(abilities.mayEver(admin, Things.update)).toBe(true);
    expect(abilities.mayEver(admin, { ...Things.view, subject: 'Later', action: 'invent' })).toBe(true);
  });

  it('takes no permission by another spelling', () => {
    for (const name of ['VIEW_THING', 'view_thing ', 'view_*', '*', 'manage', '__proto__', 'constructor']) {
      expect(abilities.mayEver(principal([name]), Things.view)).toBe(false);
    }
  });
});

describe('within', () => {
  const filter = within('row.customerId');
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 1_000 }), { maxLength: 200 });
  const narrowed = (scope: RowScope) => {
    const andWhere = jest.fn();
    filter.where({ andWhere } as never, scope);
    return andWhere.mock.calls as [string, { scope?: number[] }?][];
  };

  it('leaves everything to a scope of all, and nothing to one of no customer', () => {
    expect(narrowed({ kind: 'all' })).toEqual([]);
    expect(narrowed({ kind: 'customers', customerIds: [] })).toEqual([['1 = 0']]);
  });

  it('binds just the ids of the scope, as many as its shape says', () => {
    fc.assert(
      fc.property(ids, (customerIds) => {
        fc.pre(customerIds.length > 0);
        const scope: RowScope = { kind: 'customers', customerIds };
        const { scope: bound = [] } = filter.bind(scope) as { scope?: number[] };
        expect(new Set(bound)).toEqual(new Set(customerIds));
        expect(bound).toHaveLength(Number(filter.shape?.(scope)));
        expect(bound.length).toBeLessThanOrEqual(customerIds.length * 1.25);
        expect(narrowed(scope)).toEqual([['row.customerId IN (:...scope)', { scope: bound }]]);
      }),
    );
  });

  it('comes in pieces that make up what lies ahead, in the order of the list, the first long enough for a page', () => {
    const stretch = fc.record({
      after: fc.option(fc.integer({ min: 0, max: 1_001 })),
      isDescending: fc.boolean(),
      count: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(ids, stretch, (unsorted, { after, isDescending, count }) => {
        const customerIds = unsorted.toSorted((one, other) => one - other);
        const scope: RowScope = { kind: 'customers', customerIds };
        const pieces = [...(filter.pieces?.(scope, { after, isDescending, count }) ?? [])].map((piece) =>
          piece.kind === 'customers' ? piece.customerIds : [],
        );
        const inOrder = isDescending ? customerIds.toReversed() : customerIds;
        const ahead = inOrder.filter((id) => after === null || (isDescending ? id < after : id > after));
        expect(pieces.flat()).toEqual(ahead);
        expect(pieces[0]?.length ?? 0).toBe(Math.min(count, ahead.length));
      }),
    );
  });

  it('has few shapes, however many scopes there are', () => {
    const shapes = Array.from({ length: 1_024 }, (_, length) =>
      filter.shape?.({ kind: 'customers', customerIds: Array.from({ length }, (__, id) => id + 1) }),
    );
    expect(new Set(shapes).size).toBe(37);
  });

  it('gives texts that differ a shape of their own', () => {
    const shapes = [[], [1], [1, 2], [1, 2, 3]].map((customerIds) =>
      filter.shape?.({ kind: 'customers', customerIds }),
    );
    expect(new Set([...shapes, filter.shape?.({ kind: 'all' })]).size).toBe(5);
  });
});
