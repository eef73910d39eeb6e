import { Injectable } from '@nestjs/common';
import { Clock, type Instant } from '../common/clock.js';
import { NotFound } from '../common/errors.js';
import { assertMatches, type Precondition } from '../common/etag.js';
import type { Page } from '../common/page.js';
import type { PermissionDefinition } from '../common/permissions.js';
import type { Principal } from '../common/principal.js';
import { AuditService, difference } from '../audit/audit.service.js';
import { Database } from '../platform/database/database.js';
import { Revisions } from '../platform/database/revisions.js';
import { AbilityService } from '../rbac/ability.service.js';
import { FieldMasks, fieldsForbidden } from '../rbac/field-masks.js';
import { type RowScope, RowScopes } from '../rbac/row-scope.js';
import type { Customer } from './customer.entity.js';
import { CreateCustomerRequest, CustomerResponse, ListCustomersQuery, UpdateCustomerRequest } from './customers.dto.js';
import { CustomerErrors } from './customers.errors.js';
import { CustomerPermissions } from './customers.permissions.js';
import { CustomersRepository, type CustomerValues } from './customers.repository.js';

@Injectable()
export class CustomersService {
  constructor(
    private readonly database: Database,
    private readonly customers: CustomersRepository,
    private readonly abilities: AbilityService,
    private readonly scopes: RowScopes,
    private readonly masks: FieldMasks,
    private readonly revisions: Revisions,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  list(principal: Principal, query: ListCustomersQuery): Promise<Page<Customer>> {
    return this.customers.list(this.scopes.for(principal, CustomerPermissions.view), query);
  }

  async get(principal: Principal, customerId: number): Promise<Customer> {
    const row = await this.customers.find(this.scopes.for(principal, CustomerPermissions.view), customerId);
    return found(row, customerId);
  }

  create(principal: Principal, request: CreateCustomerRequest): Promise<Customer> {
    return this.database.transaction(async () => {
      const row = await this.customers.insert(merge(blank(this.clock.instant()), request));
      await this.audit.record(principal, { event: 'customer.created', subject: subjectOf(row), after: snapshot(row) });
      return row;
    });
  }

  /** Null for a principal that may change the row without seeing it. */
  update(
    principal: Principal,
    customerId: number,
    request: UpdateCustomerRequest,
    ifMatch: Precondition,
  ): Promise<Customer | null> {
    return this.database.transaction(async () => {
      const before = await this.lock(principal, CustomerPermissions.update, customerId);
      this.assertMayChange(principal, before, request);
      assertMatches(ifMatch, before.version);
      const after = merge(before, request);
      const changed = difference(snapshot(before), snapshot(after));
      if (changed) {
        Object.assign(after, { version: before.version + 1, updated: this.clock.instant() });
        await this.customers.update(after);
        await this.audit.record(principal, { event: 'customer.updated', subject: subjectOf(after), ...changed });
      }
      return this.abilities.may(principal, CustomerPermissions.view, after) ? after : null;
    });
  }

  remove(principal: Principal, customerId: number, ifMatch: Precondition): Promise<void> {
    return this.database.transaction(async () => {
      const before = await this.lock(principal, CustomerPermissions.delete, customerId);
      assertMatches(ifMatch, before.version);
      await this.customers.remove(customerId);
      // Users and keys that were tied to it are so no longer.
      await this.revisions.bump('users');
      await this.audit.record(principal, {
        event: 'customer.deleted',
        subject: subjectOf(before),
        before: snapshot(before),
      });
    });
  }

  whichExist(customerIds: readonly number[]): Promise<number[]> {
    return this.customers.whichExist(customerIds);
  }

  /** For explanations of rights: the row through a scope, just as every route looks it up. */
  within(scope: RowScope, customerId: number): Promise<Customer | null> {
    return this.customers.find(scope, customerId);
  }

  /** Makes answers of rows as this reader may see them. */
  presenter(reader: Principal): (row: Customer) => CustomerResponse {
    return this.masks.presenter(reader, CustomerPermissions.view, CustomerResponse.from, (row) => row);
  }

  countAll(): Promise<number> {
    return this.customers.countAll();
  }

  /** The row through the condition of the route's own permission: outside it there is no such row. */
  private async lock(principal: Principal, permission: PermissionDefinition, customerId: number): Promise<Customer> {
    const row = await this.customers.findForUpdate(this.scopes.for(principal, permission), customerId);
    return found(row, customerId);
  }

  private assertMayChange(principal: Principal, row: Customer, request: UpdateCustomerRequest): void {
    const barred = this.masks.barred(principal, CustomerPermissions.update, row, request);
    if (barred.length > 0) throw fieldsForbidden(CustomerErrors.fieldsForbidden, CustomerPermissions.update, barred);
  }
}

function found(row: Customer | null, customerId: number): Customer {
  if (!row) throw new NotFound(CustomerErrors.notFound, { id: customerId });
  return row;
}

/** What a customer is before anything was said about it. */
function blank(now: Instant): CustomerValues {
  const unknown = { email: null, phone: null, taxId: null, currency: null, language: null, accountManager: null };
  const fixed = { customerName: '', customerType: 'company', status: 'active', version: 1 } as const;
  return { ...fixed, ...unknown, ...NO_ADDRESS, created: now, updated: now };
}

const NO_ADDRESS = { line1: null, line2: null, city: null, state: null, postcode: null, country: null };

/** What is absent stays; what is null is cleared; of an address only what is given changes (RFC 7396). */
function merge<Row extends CustomerValues>(before: Row, request: UpdateCustomerRequest): Row {
  const given = withoutUndefined({
    customerName: request.customer_name,
    customerType: request.customer_type,
    status: request.status,
    email: request.email,
    phone: request.phone,
    taxId: request.tax_id,
    currency: request.currency,
    language: request.language,
    accountManager: request.account_manager,
    ...(request.address === null ? NO_ADDRESS : withoutUndefined({ ...request.address })),
  });
  return { ...before, ...given };
}

function withoutUndefined<T extends object>(values: T): Partial<T> {
  const given: Partial<T> = {};
  for (const name of Object.keys(values) as (keyof T)[]) if (values[name] !== undefined) given[name] = values[name];
  return given;
}

function subjectOf(row: Customer): { type: string; id: number } {
  return { type: 'customer', id: row.customerId };
}

/** The audit trail speaks the wire's words. */
function snapshot(row: Customer): Record<string, unknown> {
  const { customer_id: _, created: __, updated: ___, ...fields } = CustomerResponse.from(row);
  return { ...fields };
}
