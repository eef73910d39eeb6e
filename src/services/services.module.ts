import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { ServicePermissions } from './services.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class ServicesModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(ServicePermissions);
  }
}
