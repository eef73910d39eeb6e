import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { type Access, ACCESS, isForKind } from '../common/access.decorators.js';
import { Forbidden } from '../common/errors.js';
import { requestOf } from '../common/http-exchange.js';
import { metadataOf } from '../common/handler-metadata.js';
import type { Principal } from '../common/principal.js';
import { contextOf } from '../common/request-context.js';
import { AbilityService } from './ability.service.js';
import { missingPermission } from './missing-permission.js';
import { RbacErrors } from './rbac.errors.js';

/** Opens the door of a route: may this principal ever do this? The service asks again about the very row. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(private readonly abilities: AbilityService) {}

  canActivate(context: ExecutionContext): boolean {
    const access = metadataOf<Access>(context.getHandler(), ACCESS);
    if (!access) return false;
    if (access.kind === 'public') return true;
    const about = contextOf(requestOf(context));
    const { principal } = about;
    if (!principal) return false;
    assertKind(principal, access);
    if (access.kind === 'permission') about.permission = this.permissionUsed(principal, access);
    return true;
  }

  private permissionUsed(principal: Principal, { permission }: Extract<Access, { kind: 'permission' }>): string {
    const right = this.abilities.rightFor(principal, permission);
    if (right === null) throw missingPermission(principal, permission.identifier);
    return right;
  }
}

function assertKind(principal: Principal, access: Exclude<Access, { kind: 'public' }>): void {
  if (isForKind(access, principal.kind)) return;
  const kinds = access.principals.join(', ');
  throw new Forbidden(RbacErrors.wrongPrincipal, { kinds, kind: principal.kind });
}
