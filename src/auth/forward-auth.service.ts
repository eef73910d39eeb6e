import { Injectable } from '@nestjs/common';
import { Forbidden } from '../common/errors.js';
import type { Principal } from '../common/principal.js';
import { logLine } from '../common/text.js';
import { GrantsService } from '../rbac/grants.service.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { missingPermission } from '../rbac/missing-permission.js';
import { ThrottlingErrors } from '../throttling/rate-limit.js';
import { AuthErrors } from './auth.errors.js';

/** Answers a reverse proxy that asks before it lets a request through to some other service (A12). */
@Injectable()
export class ForwardAuthService {
  constructor(
    private readonly catalogue: PermissionCatalogue,
    private readonly grants: GrantsService,
  ) {}

  /** The header fields that say who is let in. Refuses a principal that lacks the demanded permission. */
  admit(principal: Principal, demanded: string | undefined): Record<string, string> {
    if (demanded !== undefined) this.assertHolds(principal, demanded.toLowerCase());
    const { kind, id, name, permissions, customerIds } = principal;
    return {
      'x-crm-principal-kind': kind,
      ...(id === null ? {} : { 'x-crm-principal-id': String(id) }),
      'x-crm-principal-name': headerSafe(name),
      'x-crm-permissions': [...permissions].sort().join(' '),
      'x-crm-customer-ids': customerIds.join(' '),
    };
  }

  /** Unlike at our own routes, the `own` form does not do: nothing behind the proxy would narrow the rows. */
  private assertHolds(principal: Principal, permission: string): void {
    if (!this.catalogue.has(permission)) {
      throw new Forbidden(AuthErrors.unknownPermission, { permission: logLine(permission, 100) });
    }
    if (this.grants.lacking(principal, [permission], principal.customerIds).length === 0) return;
    throw missingPermission(principal, permission);
  }
}

/** What says that nobody was recognised; every other refusal says that somebody may not. */
const UNKNOWN = new Set([AuthErrors.credentialConflict.code, ThrottlingErrors.tooManyFailures.code]);

/**
 * A proxy understands 401 and 403; nginx makes a 500 of anything else. So a limit that is used up is 403 with
 * `Retry-After`, and whatever cannot be judged is refused.
 */
export function statusForProxy(status: number, code: string): number {
  return status === 401 || UNKNOWN.has(code) ? 401 : 403;
}

/** Printable ASCII as it is, everything else (and the percent sign) percent-encoded as UTF-8: no name can forge a field. */
function headerSafe(name: string): string {
  return name.toWellFormed().replace(/[^!-$&-~]+/g, encodeURIComponent);
}
