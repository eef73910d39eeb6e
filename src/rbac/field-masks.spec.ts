import fc from 'fast-check';
import { Forbidden } from '../common/errors.js';
import { definePermissions } from '../common/permissions.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { AbilityService, type OwnedRow } from './ability.service.js';
import { FieldMasks, fieldsForbidden } from './field-masks.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { AdminPermissions } from './rbac.permissions.js';
import { reaches, RowScopes } from './row-scope.js';

const Things = definePermissions('Thing', {
  view: { identifier: 'view_thing', action: 'view', description: 'x' },
  viewOwn: { identifier: 'view_own_thing', action: 'view', own: true, description: 'x' },
  viewBasic: { identifier: 'view_basic_thing', action: 'view', fields: ['name'], description: 'x' },
  manageOwn: { identifier: 'manage_own_things', action: 'manage_own', also: ['view'], own: true, description: 'x' },
  updateBasic: { identifier: 'update_basic_thing', action: 'update', fields: ['name'], description: 'x' },
});
const IDENTIFIERS = ['admin', ...Object.values(Things).map(({ identifier }) => identifier)];
const VERSION = Symbol('version');

interface Thing {
  readonly owners: readonly number[];
}

const catalogue = new PermissionCatalogue();
for (const list of [AdminPermissions, Things]) catalogue.declare(list);
const abilities = new AbilityService(catalogue);
const scopes = new RowScopes(abilities);
const masks = new FieldMasks(abilities, scopes);

const shown = () => ({ [VERSION]: 4, name: 'n', secret: 's' });
const ownerOf = ({ owners }: Thing): OwnedRow => ({ customerIds: owners });
const seen = (who: Principal, owners: number[]) => masks.presenter(who, Things.view, shown, ownerOf)({ owners });

function principal(permissions: string[], customerIds: number[] = []): Principal {
  return { ...systemPrincipal('x'), kind: 'user', permissions: new Set(permissions), customerIds };
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
const principals = fc
  .tuple(fc.subarray(IDENTIFIERS), ids)
  .map(([permissions, customerIds]) => principal(permissions, customerIds));

describe('FieldMasks', () => {
  it('leaves absent what no rule covers, and the version where it is', () => {
    expect(seen(principal(['view_basic_thing']), [1])).toEqual({ [VERSION]: 4, name: 'n' });
    expect(seen(principal(['view_thing']), [1])).toEqual(shown());
  });

  it('shows more of one’s own rows than of others', () => {
    const who = principal(['view_basic_thing', 'view_own_thing'], [1, 2]);
    expect([[1], [1, 2], [1, 3], [3], []].map((owners) => 'secret' in seen(who, owners))).toEqual([
      ...[true, true, false, false, false],
    ]);
  });

  it('costs nothing where nothing is left out: the answer is made as if there were no masks', () => {
    for (const held of [['view_thing'], ['admin'], ['view_own_thing'], ['view_thing', 'view_basic_thing'], []]) {
      expect(masks.presenter(principal(held, [1]), Things.view, shown, ownerOf)).toBe(shown);
    }
  });

  it('shows a field just where the rules say so, whoever looks at whatever', () => {
    fc.assert(
      fc.property(principals, ids, (who, owners) => {
        const row = { customerIds: owners };
        fc.pre(abilities.may(who, Things.view, row));
        const maySee = abilities.may(who, Things.view, row, 'secret');
        expect('secret' in seen(who, owners)).toBe(maySee);
        expect(reaches(scopes.for(who, Things.view, 'secret'), row)).toBe(maySee);
        if (masks.showsEverywhere(who, Things.view, 'secret')) expect(maySee).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('hides nothing more by one right more', () => {
    fc.assert(
      fc.property(principals, fc.constantFrom(...IDENTIFIERS), ids, (who, more, owners) => {
        fc.pre(abilities.may(who, Things.view, { customerIds: owners }));
        const richer = { ...who, permissions: new Set([...who.permissions, more]) };
        expect(Object.keys(seen(richer, owners))).toEqual(expect.arrayContaining(Object.keys(seen(who, owners))));
      }),
      { numRuns: 500 },
    );
  });

  it('names what may not be written, where it stands', () => {
    const request = { name: 'x', secret: null, absent: undefined };
    const row = { customerId: 1 };
    const permission = { ...Things.updateBasic, identifier: 'update_thing' };
    const barred = masks.barred(principal(['update_basic_thing']), permission, row, request);
    expect(barred).toEqual(['secret']);
    const error = fieldsForbidden({ code: 'x.y', detail: 'Not {fields}.' }, permission, barred);
    expect(error).toBeInstanceOf(Forbidden);
    expect(error.message).toBe('Not secret.');
    expect(error.extras.errors?.map(({ pointer }) => pointer)).toEqual(['/secret']);
    expect(masks.barred(principal(['admin']), permission, row, request)).toEqual([]);
  });
});
