/** Parameters that narrow nothing. */
export const NO_FILTER: ReadonlySet<string> = new Set(['limit', 'cursor', 'count', 'sort']);

/** What a filter is asked for: something that many rows have, something that few have, something that none has. */
const SAMPLES: Readonly<Record<string, readonly string[]>> = {
  search: ['ber', 'anna ber', 'nobody'],
  country: ['DE', 'XX'],
  account_manager: ['Maria Keller', 'Nobody'],
  created_from: ['2021-01-01', '2024-09-25'],
  created_to: ['2021-01-01', '2024-09-25'],
  from: ['2026-01-01', '2026-06-24'],
  to: ['2026-01-01', '2026-06-24'],
  actor_id: ['1007', '9999999'],
  user_id: ['1007', '9999999'],
  parent_api_key_id: ['1007', '9999999'],
  address: ['10.0.0.7', '10.9.9.9'],
  request_id: ['request-5000', 'request-none'],
  event: ['customer.updated', 'customer.none'],
  subject_type: ['customer', 'nothing'],
  subject_id: ['5000', '9999999'],
  route: ['/crm/customers/:customer_id', '/crm/none'],
};
const STATUS_CODES = ['200', '404', '599'];

/** Throws where a new filter has no sample yet: none is left out without a word. */
export function samplesOf(path: string, name: string, choices: readonly string[] | undefined): readonly string[] {
  if (choices) return choices;
  if (path.endsWith('/access-logs') && name === 'status') return STATUS_CODES;
  const samples = SAMPLES[name];
  if (!samples) throw new Error(`bench/plans/samples.ts has no sample for ${name} of ${path}.`);
  return samples;
}
