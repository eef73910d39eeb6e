import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { AuthzController } from './authz.controller.js';
import { AuthzPermissions } from './authz.permissions.js';
import { AuthzService } from './authz.service.js';
import { PrincipalWalk } from './principal-walk.service.js';
import { RouteLookup } from './route-lookup.service.js';
import { Verdicts } from './verdicts.service.js';

@Module({
  controllers: [AuthzController],
  providers: [AuthzService, PrincipalWalk, RouteLookup, Verdicts],
})
export class AuthzModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(AuthzPermissions);
  }
}
