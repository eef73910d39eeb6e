import type { Change } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { DomainError } from '../common/errors.js';
import { type Principal, systemPrincipal } from '../common/principal.js';
import { AbilityService } from '../rbac/ability.service.js';
import { FieldMasks } from '../rbac/field-masks.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { AdminPermissions } from '../rbac/rbac.permissions.js';
import { type RowScope, RowScopes } from '../rbac/row-scope.js';
import type { Customer } from './customer.entity.js';
import { CustomerPermissions } from './customers.permissions.js';
import { CustomersService } from './customers.service.js';

const NOW = '2030-03-01T12:00:00.000Z';
const BEFORE = '2030-01-01T00:00:00.000Z';
const BARE = { email: null, phone: null, taxId: null, currency: null, language: null, accountManager: null };
const NOWHERE = { line1: null, line2: null, city: null, state: null, postcode: null, country: null };
const STORED = {
  ...{ customerId: 7, customerName: 'Stored', customerType: 'company', status: 'active', version: 4 },
  ...{ ...BARE, ...NOWHERE, city: 'Bonn', created: BEFORE, updated: BEFORE },
} as Customer;

class StandingClock extends Clock {
  override millis(): number {
    return Date.parse(NOW);
  }
}

/** Anything that is not spelled out here must not be asked for. */
function strict<T extends object>(name: string, methods: Record<string, unknown>): T {
  return new Proxy(methods, {
    get: (target, method) => {
      if (method in target) return target[String(method)];
      throw new Error(`${name}.${String(method)} was not expected`);
    },
  }) as T;
}

function made(repository: Record<string, unknown> = {}): { service: CustomersService; calls: unknown[][] } {
  const catalogue = new PermissionCatalogue();
  catalogue.declare(AdminPermissions);
  catalogue.declare(CustomerPermissions);
  const abilities = new AbilityService(catalogue);
  const scopes = new RowScopes(abilities);
  const calls: unknown[][] = [];
  const noting =
    (name: string, answer?: (...given: any[]) => unknown) =>
    (...given: unknown[]) => {
      calls.push([name, ...given]);
      return Promise.resolve(answer?.(...given));
    };
  const rows = {
    findForUpdate: (scope: RowScope, id: number) =>
      Promise.resolve(id === 7 && (scope.kind === 'all' || scope.customerIds.includes(7)) ? { ...STORED } : null),
    insert: noting('insert', (values: object) => ({ ...values, customerId: 8 })),
    update: noting('update'),
    remove: noting('remove'),
    ...repository,
  };
  const service = new CustomersService(
    strict('database', { transaction: (work: () => unknown) => work() }),
    strict('customers', rows),
    abilities,
    scopes,
    new FieldMasks(abilities, scopes),
    strict('revisions', { bump: noting('bump') }),
    strict('audit', { record: noting('record') }),
    new StandingClock(),
  );
  return { service, calls };
}

function who(permissions: string[], customerIds: number[] = []): Principal {
  return { ...systemPrincipal('x'), kind: 'user', permissions: new Set(permissions), customerIds };
}

async function refusal(work: Promise<unknown>): Promise<DomainError> {
  const outcome = await work.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(outcome instanceof DomainError)) throw new Error(`expected a refusal, got ${String(outcome)}`);
  return outcome;
}

const editor = who(['update_customer', 'view_customer']);
const owner = who(['update_own_customer', 'view_own_customer'], [7]);

describe('CustomersService', () => {
  it('creates with defaults and records what was made', async () => {
    const { service, calls } = made();
    const row = await service.create(editor, { customer_name: 'New', address: { city: 'Kiel' } });
    const values = {
      ...BARE,
      ...NOWHERE,
      customerName: 'New',
      customerType: 'company',
      status: 'active',
      city: 'Kiel',
    };
    expect(row).toEqual({ ...values, customerId: 8, version: 1, created: NOW, updated: NOW });
    expect(calls.map(([name]) => name)).toEqual(['insert', 'record']);
    expect(calls[1]?.[2]).toMatchObject({ event: 'customer.created', subject: { type: 'customer', id: 8 } });
  });

  it('changes what is given, clears what is null, leaves what is absent', async () => {
    const { service, calls } = made();
    const row = await service.update(editor, 7, { phone: '1', address: { city: null, country: 'DE' } }, '"4"');
    expect(row).toEqual({ ...STORED, phone: '1', city: null, country: 'DE', version: 5, updated: NOW });
    const change = calls[1]?.[2] as Change;
    expect(calls.map(([name]) => name)).toEqual(['update', 'record']);
    expect(change.before).toEqual({ phone: null, address: { ...NOWHERE, city: 'Bonn' } });
    expect(change.after).toEqual({ phone: '1', address: { ...NOWHERE, country: 'DE' } });
  });

  it.each([{}, { status: 'active' }, { address: {} }, { address: { city: 'Bonn' } }, { email: undefined }] as object[])(
    'writes and records nothing for %j, which changes nothing',
    async (request) => {
      const { service, calls } = made();
      expect(await service.update(editor, 7, request, null)).toEqual(STORED);
      expect(calls).toEqual([]);
    },
  );

  it('gives no row back to somebody who may not see it', async () => {
    const { service, calls } = made();
    expect(await service.update(who(['update_customer']), 7, { phone: '1' }, null)).toBeNull();
    expect(
      await service.update(who(['update_customer', 'view_own_customer'], [8]), 7, { phone: '2' }, null),
    ).toBeNull();
    expect(calls.filter(([name]) => name === 'update')).toHaveLength(2);
  });

  it('refuses in this order: 404, 403, 412', async () => {
    const { service, calls } = made();
    const change = { status: 'inactive', phone: '1', tax_id: null } as const;
    const stranger = who(['update_own_customer'], [8]);
    expect((await refusal(service.update(stranger, 7, change, '"9"'))).status).toBe(404);
    const forbidden = await refusal(service.update(owner, 7, change, '"9"'));
    expect([forbidden.status, forbidden.message]).toEqual([
      ...[403, 'You may not change these fields of a customer: status, tax_id.'],
    ]);
    expect((await refusal(service.update(owner, 7, { phone: '1' }, '"9"'))).status).toBe(412);
    expect(calls).toEqual([]);
  });

  it('lets an owner change e-mail, phone, address and language', async () => {
    const { service } = made();
    const change = { email: 'a@b.example', phone: '1', address: { city: 'Kiel' }, language: 'de' };
    expect(await service.update(owner, 7, change, null)).toMatchObject({ email: 'a@b.example', city: 'Kiel' });
  });

  it('removes what may be removed, tells the caches, and records what is lost', async () => {
    const { service, calls } = made();
    await service.remove(who(['delete_customer']), 7, '*');
    expect(calls.map(([name, argument]) => [name, argument])).toEqual([
      ['remove', 7],
      ['bump', 'users'],
      ['record', who(['delete_customer'])],
    ]);
    expect((await refusal(service.remove(owner, 7, null))).status).toBe(404);
    expect((await refusal(service.remove(who(['delete_customer']), 9, null))).status).toBe(404);
    expect((await refusal(service.remove(who(['delete_customer']), 7, '"3"'))).status).toBe(412);
  });

  it('asks for rows only within the reach of the right to see them', async () => {
    const scopes: RowScope[] = [];
    const note = (scope: RowScope) => {
      scopes.push(scope);
      return Promise.resolve(null);
    };
    const { service } = made({ find: note, list: note });
    await refusal(service.get(owner, 7));
    await service.list(editor, { limit: 25 });
    await service.list(who(['update_customer']), { limit: 25 });
    expect(scopes).toEqual([
      { kind: 'customers', customerIds: [7] },
      { kind: 'all' },
      { kind: 'customers', customerIds: [] },
    ]);
  });
});
