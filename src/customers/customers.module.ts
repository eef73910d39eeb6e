import { Module } from '@nestjs/common';
import { CustomerReach } from '../rbac/customer-reach.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { SubjectRows } from '../rbac/subject-rows.js';
import { ActivityLogPermissions } from './activity.permissions.js';
import { ContactPermissions } from './contacts.permissions.js';
import { CustomersController } from './customers.controller.js';
import { CustomerPermissions } from './customers.permissions.js';
import { CustomersRepository } from './customers.repository.js';
import { CustomersService } from './customers.service.js';
import { SitePermissions } from './sites.permissions.js';

@Module({
  controllers: [CustomersController],
  providers: [CustomersService, CustomersRepository],
  exports: [CustomersService],
})
export class CustomersModule {
  constructor(catalogue: PermissionCatalogue, reach: CustomerReach, rows: SubjectRows, customers: CustomersService) {
    for (const list of [CustomerPermissions, ContactPermissions, SitePermissions, ActivityLogPermissions])
      catalogue.declare(list);
    const find = customers.within.bind(customers);
    rows.register({ view: CustomerPermissions.view, parameter: 'customer_id', find });
    reach.register((customerIds) => customers.whichExist(customerIds));
  }
}
