import { Global, Module } from '@nestjs/common';
import { AccessLogsController } from './access-logs.controller.js';
import { AccessLogsRepository } from './access-logs.repository.js';
import { AccessLogsService } from './access-logs.service.js';
import { AuditController } from './audit.controller.js';
import { AuditRepository } from './audit.repository.js';
import { AuditService } from './audit.service.js';
import { LastUseService } from './last-use.service.js';

@Global()
@Module({
  controllers: [AuditController, AccessLogsController],
  providers: [AuditService, AuditRepository, AccessLogsService, AccessLogsRepository, LastUseService],
  exports: [AuditService, AccessLogsService, LastUseService],
})
export class AuditModule {}
