import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { ProductPermissions } from './products.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class ProductsModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(ProductPermissions);
  }
}
