import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { AccessLogsService } from './access-logs.service.js';
import { AccessLogList, AccessLogResponse, ListAccessLogsQuery } from './audit.dto.js';
import { AuditPermissions } from './audit.permissions.js';

@ApiTags('Audit')
@Controller('crm/access-logs')
export class AccessLogsController {
  constructor(private readonly accessLogs: AccessLogsService) {}

  /** List answered requests, refused ones included. */
  @Get()
  @RequirePermission(AuditPermissions.view)
  @ApiOkResponse({ type: AccessLogList })
  async list(@Query() query: ListAccessLogsQuery): Promise<ListResponse<AccessLogResponse>> {
    return listResponse(await this.accessLogs.list(query), AccessLogResponse.from);
  }
}
