import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { InventoryPermissions } from './inventory.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class InventoryModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(InventoryPermissions);
  }
}
