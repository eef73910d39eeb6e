import { Controller, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { AuditExportService } from './audit-export.service.js';
import { Refuses } from '../common/refuses.decorator.js';
import { AuditLogList, AuditLogResponse, ExportAuditLogsQuery, ListAuditLogsQuery } from './audit.dto.js';
import { exportContent } from './export-content.js';
import { AuditErrors } from './audit.errors.js';
import { AuditPermissions } from './audit.permissions.js';
import { AuditService } from './audit.service.js';
import { ChainCheckResponse, CheckpointResponse, checkpointOf, VerifyQuery } from './chain/chain.dto.js';
import { ChainService } from './chain/chain.service.js';

@ApiTags('Audit')
@Controller('crm/audit-logs')
export class AuditController {
  constructor(
    private readonly audit: AuditService,
    private readonly exports: AuditExportService,
    private readonly chain: ChainService,
  ) {}

  /** List change records and security events. */
  @Get()
  @RequirePermission(AuditPermissions.view)
  @ApiOkResponse({ type: AuditLogList })
  async list(@Query() query: ListAuditLogsQuery): Promise<ListResponse<AuditLogResponse>> {
    return listResponse(await this.audit.list(query), AuditLogResponse.from);
  }

  /** Export change records, oldest first, as they are read: any number of them in constant memory. */
  @Get('export')
  @RequirePermission(AuditPermissions.export)
  @ApiOkResponse({ content: exportContent('audit_id') })
  export(@Query() query: ExportAuditLogsQuery): StreamableFile {
    return this.exports.auditLogs(query);
  }

  /** Check the keyed hash chain, and a checkpoint that was kept, if one is given. */
  @Get('verify')
  @RequirePermission(AuditPermissions.verify)
  async verify(@Query() query: VerifyQuery): Promise<ChainCheckResponse> {
    return ChainCheckResponse.from(await this.chain.verify(checkpointOf(query)));
  }

  /** The end of the chain, signed, to be kept elsewhere. */
  @Get('checkpoint')
  @RequirePermission(AuditPermissions.verify)
  async checkpoint(): Promise<CheckpointResponse> {
    return CheckpointResponse.from(await this.chain.checkpoint());
  }

  /** Read one change record. */
  @Get(':audit_id')
  @RequirePermission(AuditPermissions.view)
  @Refuses(404, AuditErrors.notFound)
  async get(@Param('audit_id', IdPipe) auditId: number): Promise<AuditLogResponse> {
    return AuditLogResponse.from(await this.audit.get(auditId));
  }
}
