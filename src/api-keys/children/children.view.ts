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
