import { Module } from '@nestjs/common';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JobsService } from './jobs/jobs.service.js';
import { MetricsController } from './metrics.controller.js';
import { SettingsController } from './settings/settings.controller.js';
import { SettingsService } from './settings/settings.service.js';
import { JobPermissions, MetricsPermissions, SettingPermissions } from './operations.permissions.js';
import { PlatformMetricsService } from './platform-metrics.service.js';

@Module({
  controllers: [HealthController, JobsController, MetricsController, SettingsController],
  providers: [HealthService, JobsService, PlatformMetricsService, SettingsService],
})
export class OperationsModule {
  constructor(catalogue: PermissionCatalogue) {
    for (const list of [SettingPermissions, JobPermissions, MetricsPermissions]) catalogue.declare(list);
  }
}
