/** The columns that a customer's answer is made of. */
export const COLUMNS = [
  'customer_id',
  'customer_name',
  'customer_type',
  'status',
  'email',
  'phone',
  'line1',
  'line2',
  'city',
  'state',
  'postcode',
  'country',
  'tax_id',
  'currency',
  'language',
  'account_manager',
  'version',
  'created',
  'updated',
] as const;

export type CustomerRow = Record<(typeof COLUMNS)[number], string | number | null>;

/** The same JSON as the product's, field by field. */
export function presented(row: CustomerRow): object {
  return {
    customer_id: row.customer_id,
    customer_name: row.customer_name,
    customer_type: row.customer_type,
    status: row.status,
    email: row.email,
    phone: row.phone,
    address: {
      line1: row.line1,
      line2: row.line2,
      city: row.city,
      state: row.state,
      postcode: row.postcode,
      country: row.country,
    },
    tax_id: row.tax_id,
    currency: row.currency,
    language: row.language,
    account_manager: row.account_manager,
    created: row.created,
    updated: row.updated,
  };
}
