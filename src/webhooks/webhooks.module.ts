import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { WebhookPermissions } from './webhooks.permissions.js';

/** Declares the rights, so that keys, roles and trusted addresses can be given them. */
@Module({})
export class WebhooksModule {
  constructor(catalogue: PermissionCatalogue) {
    catalogue.declare(WebhookPermissions);
  }
}
