import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiExtension, ApiResponse, ApiSecurity } from '@nestjs/swagger';
import type { PermissionDefinition } from './permissions.js';
import type { PrincipalKind } from './principal.js';
import { ProblemResponse } from './problem.dto.js';

/** What a handler says about who may call it. A handler that says nothing stops the start. */
export type Access =
  | { readonly kind: 'public' }
  | { readonly kind: 'authenticated'; readonly principals: readonly PrincipalKind[] }
  | {
      readonly kind: 'permission';
      readonly permission: PermissionDefinition;
      readonly principals?: readonly PrincipalKind[];
    };

export const ACCESS = 'crm:access';

/** Whether a route is for principals of this kind; none named = for all. */
export function isForKind({ principals = [] }: Exclude<Access, { kind: 'public' }>, kind: PrincipalKind): boolean {
  return principals.length === 0 || principals.includes(kind);
}

/** The principal must hold this permission, or its `own` form (which then narrows the rows); kinds given narrow it further. */
export function RequirePermission(permission: PermissionDefinition, ...principals: PrincipalKind[]): MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, { kind: 'permission', permission, principals } satisfies Access),
    ApiExtension('x-required-permissions', [permission.identifier]),
    ...credentials(),
    problem(403, `The principal lacks \`${permission.identifier}\`.`),
  );
}

/** Anybody we know may call it; kinds given narrow it, e.g. to a user's own session. */
export function Authenticated(...principals: PrincipalKind[]): MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, { kind: 'authenticated', principals } satisfies Access),
    ApiExtension('x-required-permissions', []),
    ...credentials(),
    ...(principals.length > 0 ? [problem(403, `Only for: ${principals.join(', ')}.`)] : []),
  );
}

/** Nobody needs to prove anything; a credential that is sent is ignored. The list of these is pinned by a test. */
export function Public(): MethodDecorator {
  return applyDecorators(
    SetMetadata(ACCESS, { kind: 'public' } satisfies Access),
    ApiExtension('x-required-permissions', []),
  );
}

function credentials(): MethodDecorator[] {
  return [
    ApiBearerAuth('bearer'),
    ApiSecurity('api-key'),
    problem(401, 'No credential, or one that we do not know. `WWW-Authenticate` says which.'),
    problem(429, 'Too many requests; `Retry-After` says when to come back.'),
  ];
}

function problem(status: number, description: string): MethodDecorator {
  return ApiResponse({ status, description, type: ProblemResponse });
}
