import { Global, Module } from '@nestjs/common';
import { AccessLogsController } from './access-logs.controller.js';
import { AccessLogsRepository } from './access-logs.repository.js';
import { AccessLogsService } from './access-logs.service.js';
import { AuditController } from './audit.controller.js';
import { AuditExportService } from './audit-export.service.js';
import { AuditJobs } from './audit.jobs.js';
import { AuditMetrics } from './audit.metrics.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { ChainLinks } from './chain/chain-links.js';
import { ChainRepository } from './chain/chain.repository.js';
import { ChainService } from './chain/chain.service.js';
import { LastUseService } from './last-use.service.js';
import { RetentionService } from './retention.service.js';
import { UsageRepository } from './usage/usage.repository.js';
import { UsageService } from './usage/usage.service.js';

@Global()
@Module({
  controllers: [AuditController, AccessLogsController],
  providers: [
    AuditService,
    AuditRepository,
    AccessLogsService,
    AccessLogsRepository,
    LastUseService,
    AuditExportService,
    AuditJobs,
    AuditMetrics,
    ChainLinks,
    ChainRepository,
    ChainService,
    RetentionService,
    UsageRepository,
    UsageService,
  ],
  exports: [AuditService, AccessLogsService, LastUseService, ChainService, UsageService],
})
export class AuditModule {}
