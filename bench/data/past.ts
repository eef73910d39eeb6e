import type { PrivateDatabase } from '../systems/database.ts';
import type { Store } from './store.ts';

/** A year of one busy key: a request every six seconds. */
export const REQUESTS = 5_000_000;
/** Changes of some years. */
export const CHANGES = 1_000_000;
export const BUSY_KEY = { apiKeyId: 900_001, begin: '2025-11-01T00:00:00.000Z' };

const STEP_MS = Math.floor((365 * 86_400_000) / REQUESTS);
const FIRST_ID = 100_000_000;
const ROUTES = 20;
const ADDRESSES = 50;

/** Beginning of the hour or day, as the product writes it, of a moment in the same form. */
const STARTS = { hour: `CONCAT(LEFT(at, 13), ':00:00.000Z')`, day: `CONCAT(LEFT(at, 10), 'T00:00:00.000Z')` };
const VALUES = {
  class: `CONCAT(status DIV 100, 'xx')`,
  route: `CONCAT(method, ' ', route)`,
  address: 'address',
};

/** Made inside MariaDB by its sequence engine: sending five million rows would take longer than making them. */
export async function seedBusyKey(database: PrivateDatabase, name: string, store: Store): Promise<void> {
  const { apiKeyId, begin } = BUSY_KEY;
  await database.query(`INSERT INTO ${name}.api_keys
    (api_key_id, kind, source, name, name_key, mask, search_text, digest, pepper_version, permissions, flagged_status,
     is_protected, is_bound_to_creator, version, created, updated)
    VALUES (${apiKeyId}, 'organization', 'database', 'Busy', 'busy', 'sk_live_...0000', ' busy', '${'b'.repeat(64)}', 1,
      '["view_customer"]', 'active', 0, 0, 1, '${begin}', '${begin}')`);
  await store.withoutIndexes(['access_logs'], async () => {
    await database.query(`INSERT INTO ${name}.access_logs
    (access_id, at, actor_kind, actor_id, actor_name, method, path, route, status, address, user_agent, duration_ms,
     is_outdated, request_id)
    SELECT ${FIRST_ID} + seq, ${momentOf('seq', begin)}, 'api_key', ${apiKeyId}, 'Busy', 'GET', '/crm/customers',
      CONCAT('/crm/route-', seq MOD ${ROUTES}), ELT(1 + seq MOD 10, 200, 200, 200, 200, 200, 200, 200, 201, 403, 404),
      CONCAT('10.0.0.', seq * 7 MOD ${ADDRESSES}), 'curl/8', 3, 0, CONCAT('busy-', seq)
    FROM ${name}.seq_1_to_${REQUESTS}`);
  });
  for (const [period, startsAt] of Object.entries(STARTS)) {
    for (const [dimension, value] of Object.entries(VALUES)) {
      await database.query(`INSERT INTO ${name}.usage_counters
        (actor_kind, actor_id, period, dimension, starts_at, value, requests)
        SELECT 'api_key', ${apiKeyId}, '${period}', '${dimension}', ${startsAt} AS starts, ${value} AS value, COUNT(*)
        FROM ${name}.access_logs WHERE access_id > ${FIRST_ID} GROUP BY starts, value`);
    }
  }
  await database.query(`ANALYZE TABLE ${name}.usage_counters, ${name}.access_logs`);
}

/** Sealed as far as the sealer can see, so that it does not begin to seal them while something else is measured. */
export async function seedChanges(database: PrivateDatabase, name: string, store: Store): Promise<void> {
  await store.withoutIndexes(['audit_logs'], async () => {
    await database.query(`INSERT INTO ${name}.audit_logs
    (audit_id, at, event, actor_kind, actor_id, actor_name, address, request_id, subject_type, subject_id, \`before\`,
     \`after\`, sealed_seq, hash)
    SELECT ${FIRST_ID} + seq, ${momentOf('seq', BUSY_KEY.begin)}, 'customer.updated', 'user', 1, 'admin@example.com',
      '10.0.0.7', CONCAT('change-', seq), 'customer', seq, '{"status":"active","phone":"+49 30 1234567"}',
      '{"status":"suspended","phone":"+49 30 7654321"}', ${FIRST_ID} + seq, REPEAT('0', 43)
    FROM ${name}.seq_1_to_${CHANGES}`);
  });
}

function momentOf(sequence: string, begin: string): string {
  const start = Date.parse(begin);
  return `CONCAT(DATE_FORMAT(FROM_UNIXTIME((${start} + ${sequence} * ${STEP_MS}) DIV 1000), '%Y-%m-%dT%H:%i:%s'), '.000Z')`;
}
