import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { ScimPermissions } from './scim.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class ScimModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(ScimPermissions);
  }
}
