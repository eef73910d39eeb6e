import type { Role } from '../rbac/role.entity.js';
import type { User } from './user.entity.js';

/** A user as it is shown: with its roles and customers. */
export interface UserView {
  readonly user: User;
  readonly roles: readonly Role[];
  readonly customerIds: readonly number[];
}
