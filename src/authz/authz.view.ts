import type { PrincipalKind } from '../common/principal.js';
import type { Ground, Verdict } from './verdicts.service.js';

/** A principal as explanations show it. */
export interface Named {
  readonly kind: PrincipalKind;
  readonly id: number | string;
  readonly name: string;
}

export interface Explanation {
  readonly principal: Named;
  readonly verdict: Verdict;
}

/** Somebody who may, and what gives it. */
export interface Holder {
  readonly principal: Named;
  readonly because: readonly Ground[];
}

/** What an edit of a role would change for somebody. */
export interface Change {
  readonly principal: Named;
  readonly gains: readonly string[];
  readonly loses: readonly string[];
}
