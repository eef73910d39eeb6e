import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { ProvisioningPermissions } from './provisioning.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class ProvisioningModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(ProvisioningPermissions);
  }
}
