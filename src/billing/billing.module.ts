import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { InvoicePermissions } from './invoices.permissions.js';
import { PaymentMethodPermissions } from './payment-methods.permissions.js';
import { PaymentPermissions } from './payments.permissions.js';
import { TransactionPermissions } from './transactions.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class BillingModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(InvoicePermissions);
    catalogue.declare(PaymentMethodPermissions);
    catalogue.declare(PaymentPermissions);
    catalogue.declare(TransactionPermissions);
  }
}
