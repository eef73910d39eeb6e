import type { Role } from '../rbac/role.entity.js';
import type { ApiKey } from './api-key.entity.js';
import type { ApiKeyStatus } from './api-key.status.js';

/** A key as it is shown: with its roles, its customers and the status of this moment. */
export interface ApiKeyView {
  readonly key: ApiKey;
  readonly roles: readonly Role[];
  readonly customerIds: readonly number[];
  readonly status: ApiKeyStatus;
  readonly effectivePermissions: string[];
}
