import { Forbidden } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { RbacErrors } from './rbac.errors.js';

/** We know you and you may not: the one answer that names the permission (spec rule 6, R5). */
export function missingPermission({ name }: Principal, permission: string): Forbidden {
  return new Forbidden(
    RbacErrors.missingPermission,
    { permission, principal: name },
    { missingPermissions: [permission] },
  );
}
