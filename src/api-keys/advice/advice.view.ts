import type { ApiKeyView } from '../api-key.view.js';
import type { Advice } from './advice.rules.js';

/** A key and what should be done about it. */
export interface AdvisedKey {
  readonly view: ApiKeyView;
  readonly advice: readonly Advice[];
}
