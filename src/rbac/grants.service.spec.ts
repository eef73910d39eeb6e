import fc from 'fast-check';
import type { Change } from '../audit/audit.service.js';
import { DomainError, Forbidden, InvalidInput } from '../common/errors.js';
import { definePermissions } from '../common/permissions.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { GrantsService } from './grants.service.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { AdminPermissions } from './rbac.permissions.js';
import type { Role } from './role.entity.js';

const Things = definePermissions('Thing', {
  view: { identifier: 'view_thing', action: 'view', description: 'x' },
  viewOwn: { identifier: 'view_own_thing', action: 'view', own: true, description: 'x' },
  pay: { identifier: 'create_own_payment', action: 'create', own: true, description: 'x' },
  basic: { identifier: 'view_basic_thing', action: 'view', fields: ['name'], description: 'x' },
  least: { identifier: 'view_own_basic_thing', action: 'view', own: true, fields: ['name'], description: 'x' },
  remove: { identifier: 'delete_thing', action: 'delete', description: 'x' },
  manageOwn: {
    identifier: 'manage_own_users',
    action: 'manage_own',
    also: ['view', 'delete'],
    own: true,
    description: 'x',
  },
});
const IDENTIFIERS = ['admin', ...Object.values(Things).map(({ identifier }) => identifier)];

const role = (roleId: number, name: string, permissions: string[]) =>
  ({ roleId, name, nameKey: name.toLowerCase(), permissions }) as Role;
const ROLES = [role(1, 'Admin', ['admin']), role(2, 'Viewer', ['view_thing', 'create_own_payment'])];

function made(): { grants: GrantsService; refusals: Change[] } {
  const catalogue = new PermissionCatalogue();
  catalogue.declare(AdminPermissions);
  catalogue.declare(Things);
  const refusals: Change[] = [];
  const audit = { recordSecurity: (change: Change) => Promise.resolve(void refusals.push(change)) };
  const directory = { all: () => Promise.resolve(ROLES) };
  return { grants: new GrantsService(catalogue, directory as never, audit as never, {} as never), refusals };
}

function giver(permissions: string[], customerIds: number[] = []): Principal {
  return { ...systemPrincipal('x'), kind: 'user', permissions: new Set(permissions), customerIds };
}

async function refusalOf(work: Promise<unknown>): Promise<DomainError> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof DomainError)) throw new Error(`expected a refusal, got ${String(outcome)}`);
  return outcome;
}

describe('GrantsService', () => {
  const { grants } = made();
  const lacking = (who: Principal, wanted: string[], customerIds: number[] = []) =>
    grants.lacking(who, wanted, customerIds);

  it('lets an administrator give anything, and everybody what they hold', () => {
    expect(lacking(giver(['admin']), IDENTIFIERS, [1])).toEqual([]);
    expect(lacking(giver(['view_thing']), ['view_thing'])).toEqual([]);
  });

  it('names what is lacking, each once and sorted', () => {
    expect(lacking(giver([]), ['view_thing', 'admin', 'view_thing'])).toEqual(['admin', 'view_thing']);
  });

  it('covers an own right by the whole one, for anybody’s customers, never the other way round', () => {
    expect(lacking(giver(['view_thing']), ['view_own_thing'], [7, 8])).toEqual([]);
    expect(lacking(giver(['view_own_thing'], [7]), ['view_thing'], [7])).toEqual(['view_thing']);
    expect(lacking(giver(['manage_users']), ['manage_own_users'])).toEqual(['manage_own_users']);
  });

  it('covers a right to some fields by the one to all, never the other way round', () => {
    expect(lacking(giver(['view_thing']), ['view_basic_thing', 'view_own_basic_thing'], [7])).toEqual([]);
    expect(lacking(giver(['view_basic_thing']), ['view_own_basic_thing'], [7])).toEqual([]);
    expect(
      lacking(giver(['view_basic_thing', 'view_own_basic_thing'], [7]), ['view_thing', 'view_own_thing'], [7]),
    ).toEqual(['view_own_thing', 'view_thing']);
    expect(lacking(giver(['view_own_thing'], [7]), ['view_own_basic_thing'], [7])).toEqual([]);
    expect(lacking(giver(['view_own_thing'], [7]), ['view_basic_thing'], [7])).toEqual(['view_basic_thing']);
  });

  it('covers what stands for several actions by rights to each of them, or by itself for one’s own customers', () => {
    expect(lacking(giver(['view_thing', 'delete_thing']), ['manage_own_users'], [7])).toEqual([]);
    expect(lacking(giver(['view_thing']), ['manage_own_users'], [7])).toEqual(['manage_own_users']);
    expect(lacking(giver(['manage_own_users'], [7]), ['manage_own_users', 'view_own_thing'], [7])).toEqual([]);
    expect(lacking(giver(['manage_own_users'], [7]), ['manage_own_users', 'view_thing'], [8])).toEqual([
      'manage_own_users',
      'view_thing',
    ]);
  });

  it('covers an own right by itself for the giver’s own customers alone', () => {
    const who = giver(['view_own_thing'], [7, 8]);
    expect([[], [7], [7, 8]].map((ids) => lacking(who, ['view_own_thing'], ids))).toEqual([[], [], []]);
    expect([[9], [7, 9]].map((ids) => lacking(who, ['view_own_thing'], ids))).toEqual([
      ['view_own_thing'],
      ['view_own_thing'],
    ]);
  });

  it('lets nobody hand on more than they have, through however many hands', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });
    const party = fc.record({ permissions: fc.subarray(IDENTIFIERS), customerIds: ids });
    fc.assert(
      fc.property(party, party, party, (first, second, third) => {
        const may = (a: typeof first, b: typeof first) =>
          lacking(giver(a.permissions, a.customerIds), b.permissions, b.customerIds).length === 0 &&
          (a.permissions.includes('admin') ||
            a.permissions.includes('view_thing') ||
            b.customerIds.every((id) => a.customerIds.includes(id)));
        if (may(first, second) && may(second, third)) expect(may(first, third)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('400 naming each permission and role that does not exist, before anything is weighed', async () => {
    const { grants: strict, refusals } = made();
    const wanted = { permissions: ['view_thing', 'fly'], roles: ['Viewer', 'Emperor', '__proto__'] };
    const error = await refusalOf(strict.resolve(giver([]), wanted, []));
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error.extras.errors?.map(({ pointer }) => pointer)).toEqual(['/permissions/1', '/roles/1', '/roles/2']);
    expect(refusals).toEqual([]);
  });

  it('403 naming what is lacking, and the attempt is recorded', async () => {
    const { grants: strict, refusals } = made();
    const error = await refusalOf(strict.resolve(giver(['view_thing']), { roles: ['ADMIN', 'viewer'] }, []));
    expect(error).toBeInstanceOf(Forbidden);
    expect(error.extras.missingPermissions).toEqual(['admin', 'create_own_payment']);
    expect(refusals).toEqual([
      { event: 'authz_fail', subject: null, after: { refused_grants: ['admin', 'create_own_payment'] } },
    ]);
  });

  it('finds a role by its name in any spelling, and gives it once', async () => {
    const granted = await grants.resolve(giver(['admin']), { roles: ['viewer', 'VIEWER', ' Viewer '] }, []);
    expect(granted).toEqual({ permissions: [], roles: [ROLES[1]] });
  });
});
