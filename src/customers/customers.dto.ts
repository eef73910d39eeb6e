import { ApiProperty, PartialType } from '@nestjs/swagger';
import { VERSION } from '../common/etag.js';
import { Choice, Email, Moment, Nested, Sort, Text } from '../common/fields.js';
import { ListQuery, listResponseOf } from '../common/page.js';
import type { Customer, CustomerStatus, CustomerType } from './customer.entity.js';

const TYPES: CustomerType[] = ['company', 'individual'];
const STATUSES: CustomerStatus[] = ['active', 'inactive', 'suspended'];
const optional = { optional: true, nullable: true };

/** Where the customer is. In an edit, fields that are absent stay as they are. */
export class CustomerAddress {
  @Text({ max: 200, ...optional, example: 'Invalidenstraße 117' })
  line1?: string | null;

  @Text({ max: 200, ...optional, example: null })
  line2?: string | null;

  @Text({ max: 100, ...optional, example: 'Berlin' })
  city?: string | null;

  @Text({ max: 100, ...optional, example: null })
  state?: string | null;

  @Text({ max: 20, ...optional, example: '10115' })
  postcode?: string | null;

  /** A name or an ISO 3166 code; be consistent, for the filter compares it whole. */
  @Text({ max: 100, ...optional, example: 'DE' })
  country?: string | null;
}

export class CreateCustomerRequest {
  @Text({ max: 200, example: 'Nordlicht Telekom GmbH' })
  customer_name!: string;

  @Choice(TYPES, { optional: true, example: 'company' })
  customer_type?: CustomerType;

  @Choice(STATUSES, { optional: true, example: 'active' })
  status?: CustomerStatus;

  /** Need not be unique: one mailbox may serve several customers. */
  @Email({ ...optional, example: 'office@nordlicht.example' })
  email?: string | null;

  @Text({ max: 50, ...optional, example: '+49 30 901820' })
  phone?: string | null;

  @Nested(() => CustomerAddress, optional)
  address?: CustomerAddress | null;

  @Text({ max: 50, ...optional, example: 'DE123456789' })
  tax_id?: string | null;

  /** ISO 4217. */
  @Text({
    min: 3,
    max: 3,
    pattern: /^[A-Z]{3}$/,
    hint: 'three capital letters such as EUR',
    ...optional,
    example: 'EUR',
  })
  currency?: string | null;

  /** BCP 47. */
  @Text({ max: 35, ...optional, example: 'de' })
  language?: string | null;

  @Text({ max: 100, ...optional, example: 'Maria Keller' })
  account_manager?: string | null;
}

export class UpdateCustomerRequest extends PartialType(CreateCustomerRequest, { skipNullProperties: false }) {}

export class ListCustomersQuery extends ListQuery {
  /** Every word begins a word of name, e-mail or phone, or equals the id. */
  @Text({ max: 200, optional: true })
  search?: string;

  /** A leading minus turns the order round; without it, by id. */
  @Sort(['customer_id', 'customer_name', 'created', 'updated'])
  sort?: string;

  /** Only customers in this state. */
  @Choice(STATUSES, { optional: true })
  status?: CustomerStatus;

  /** Only companies, or only individuals. */
  @Choice(TYPES, { optional: true })
  customer_type?: CustomerType;

  /** Compared whole, without case. */
  @Text({ max: 100, optional: true })
  country?: string;

  /** Compared whole, without case. */
  @Text({ max: 100, optional: true })
  account_manager?: string;

  /** Created at this moment or later. */
  @Moment({ optional: true, date: 'start' })
  created_from?: string;

  /** Created before this moment. */
  @Moment({ optional: true, date: 'start' })
  created_to?: string;
}

export class CustomerAddressResponse {
  @ApiProperty({ type: String, nullable: true, example: 'Invalidenstraße 117' })
  line1!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  line2!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Berlin' })
  city!: string | null;

  @ApiProperty({ type: String, nullable: true, example: null })
  state!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '10115' })
  postcode!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'DE' })
  country!: string | null;
}

export class CustomerResponse {
  [VERSION]!: number;

  @ApiProperty({ example: 7 })
  customer_id!: number;

  @ApiProperty({ example: 'Nordlicht Telekom GmbH' })
  customer_name!: string;

  @ApiProperty({ enum: TYPES })
  customer_type!: CustomerType;

  @ApiProperty({ enum: STATUSES })
  status!: CustomerStatus;

  @ApiProperty({ type: String, nullable: true, example: 'office@nordlicht.example' })
  email!: string | null;

  @ApiProperty({ type: String, nullable: true, example: '+49 30 901820' })
  phone!: string | null;

  @ApiProperty()
  address!: CustomerAddressResponse;

  /** Absent for whoever may not read it: `view_basic_customer` leaves it out. */
  @ApiProperty({ type: String, nullable: true, required: false, example: 'DE123456789' })
  tax_id?: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'EUR' })
  currency!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'de' })
  language!: string | null;

  @ApiProperty({ type: String, nullable: true, example: 'Maria Keller' })
  account_manager!: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-11-21T09:30:00.000Z' })
  updated!: string;

  static from(this: void, row: Customer): CustomerResponse {
    const { line1, line2, city, state, postcode, country } = row;
    return {
      customer_id: row.customerId,
      customer_name: row.customerName,
      customer_type: row.customerType,
      status: row.status,
      email: row.email,
      phone: row.phone,
      address: { line1, line2, city, state, postcode, country },
      tax_id: row.taxId,
      currency: row.currency,
      language: row.language,
      account_manager: row.accountManager,
      created: row.created,
      updated: row.updated,
      [VERSION]: row.version,
    };
  }

  /** For who may change a row without seeing it: 204 instead of the row. */
  static orNothing(
    this: void,
    row: Customer | null,
    present: (row: Customer) => CustomerResponse,
  ): CustomerResponse | undefined {
    return row ? present(row) : undefined;
  }
}

export const CustomerList = listResponseOf(CustomerResponse);
