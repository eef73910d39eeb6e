import { Controller, Get, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { AccessLogsService } from './access-logs.service.js';
import { AuditExportService } from './audit-export.service.js';
import { AccessLogList, AccessLogResponse, ExportAccessLogsQuery, ListAccessLogsQuery } from './audit.dto.js';
import { exportContent } from './export-content.js';
import { AuditPermissions } from './audit.permissions.js';

@ApiTags('Audit')
@Controller('crm/access-logs')
export class AccessLogsController {
  constructor(
    private readonly accessLogs: AccessLogsService,
    private readonly exports: AuditExportService,
  ) {}

  /** Export access records, oldest first, as they are read: any number of them in constant memory. */
  @Get('export')
  @RequirePermission(AuditPermissions.export)
  @ApiOkResponse({ content: exportContent('access_id') })
  export(@Query() query: ExportAccessLogsQuery): StreamableFile {
    return this.exports.accessLogs(query);
  }

  /** List answered requests, refused ones included. */
  @Get()
  @RequirePermission(AuditPermissions.view)
  @ApiOkResponse({ type: AccessLogList })
  async list(@Query() query: ListAccessLogsQuery): Promise<ListResponse<AccessLogResponse>> {
    return listResponse(await this.accessLogs.list(query), AccessLogResponse.from);
  }
}
