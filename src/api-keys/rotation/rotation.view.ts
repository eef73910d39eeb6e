import type { Instant } from '../../common/clock.js';
import type { AccessSummary } from '../../audit/access-logs.service.js';
import type { ApiKeyView } from '../api-key.view.js';
import type { ApiKeyRotation } from './rotation.entity.js';

export interface RegeneratedKey {
  readonly view: ApiKeyView;
  readonly secret: string;
  readonly previousValidUntil: Instant | null;
}

/** A rotation that is under way, and who still uses the old value. */
export interface RotationReport {
  readonly rotation: ApiKeyRotation;
  readonly uses: readonly AccessSummary[];
}
