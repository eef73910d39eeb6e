import { Global, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuditPermissions } from '../audit/audit.permissions.js';
import { onConstraint } from '../platform/database/constraint-errors.js';
import { AbilityService } from './ability.service.js';
import { ConfiguredRoles } from './configured-roles.js';
import { CustomerReach } from './customer-reach.js';
import { FieldMasks } from './field-masks.js';
import { GrantsService } from './grants.service.js';
import { KnownPrincipals } from './known-principals.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { PermissionsController } from './permissions.controller.js';
import { PresentGivers } from './present-givers.js';
import { RbacErrors } from './rbac.errors.js';
import { AdminPermissions, RolePermissions } from './rbac.permissions.js';
import { RoleAssignments } from './role-assignments.js';
import { RoleDirectory } from './role-directory.js';
import { RolesController } from './roles.controller.js';
import { RolesRepository } from './roles.repository.js';
import { RolesService } from './roles.service.js';
import { RouteInspector } from './route-inspector.js';
import { RowScopes } from './row-scope.js';
import { StepUpGate } from './step-up.js';
import { SubjectRows } from './subject-rows.js';

@Global()
@Module({
  imports: [DiscoveryModule],
  controllers: [RolesController, PermissionsController],
  providers: [
    AbilityService,
    ConfiguredRoles,
    CustomerReach,
    FieldMasks,
    GrantsService,
    KnownPrincipals,
    PermissionCatalogue,
    PresentGivers,
    RoleAssignments,
    RoleDirectory,
    RolesRepository,
    RolesService,
    RouteInspector,
    RowScopes,
    StepUpGate,
    SubjectRows,
  ],
  exports: [
    AbilityService,
    ConfiguredRoles,
    CustomerReach,
    FieldMasks,
    GrantsService,
    KnownPrincipals,
    PermissionCatalogue,
    PresentGivers,
    RoleAssignments,
    RoleDirectory,
    RolesService,
    RouteInspector,
    RowScopes,
    StepUpGate,
    SubjectRows,
  ],
})
export class RbacModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(AdminPermissions);
    catalogue.declare(RolePermissions);
    catalogue.declare(AuditPermissions);
    onConstraint('uq_roles_name_key', RbacErrors.roleNameTaken);
  }
}
