import type { ApiKeyStatus } from '../api-key.status.js';
import type { ApiKeyView } from '../api-key.view.js';

/** A key that was made by another key. */
export interface ChildKey {
  readonly apiKeyId: number;
  readonly name: string;
  readonly status: ApiKeyStatus;
}

/** A key with the first of the keys that it made. */
export interface ApiKeyDetails extends ApiKeyView {
  readonly children: readonly ChildKey[];
}

const NAMED = 100;

/** Living children for a record: the first hundred and how many there are, since a record holds 64 KB; null without any. */
export function namedChildren(ids: readonly number[]): Record<string, unknown> | null {
  if (ids.length === 0) return null;
  const count = ids.length > NAMED ? { child_api_key_count: ids.length } : {};
  return { child_api_key_ids: ids.slice(0, NAMED), ...count };
}
