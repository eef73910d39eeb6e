import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { AuditLogList, AuditLogResponse, ListAuditLogsQuery } from './audit.dto.js';
import { AuditPermissions } from './audit.permissions.js';
import { AuditService } from './audit.service.js';

@ApiTags('Audit')
@Controller('crm/audit-logs')
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  /** List change records and security events. */
  @Get()
  @RequirePermission(AuditPermissions.view)
  @ApiOkResponse({ type: AuditLogList })
  async list(@Query() query: ListAuditLogsQuery): Promise<ListResponse<AuditLogResponse>> {
    return listResponse(await this.audit.list(query), AuditLogResponse.from);
  }

  /** Read one change record. */
  @Get(':audit_id')
  @RequirePermission(AuditPermissions.view)
  async get(@Param('audit_id', IdPipe) auditId: number): Promise<AuditLogResponse> {
    return AuditLogResponse.from(await this.audit.get(auditId));
  }
}
