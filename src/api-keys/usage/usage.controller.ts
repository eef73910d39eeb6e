import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { IdPipe } from '../../common/id.pipe.js';
import { type ListResponse, listResponse } from '../../common/page.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { AccessLogList, AccessLogResponse } from '../../audit/audit.dto.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { ApiKeyPermissions } from '../api-keys.permissions.js';
import { KeyUsageService } from './key-usage.service.js';
import { GetUsageQuery, ListKeyAccessLogsQuery, UsageResponse } from './usage.dto.js';

@ApiTags('API keys')
@Controller('crm/api-keys/:api_key_id')
export class UsageController {
  constructor(private readonly usage: KeyUsageService) {}

  /** Count the requests of a key by hour or day, class of answer, route and address. */
  @Get('usage')
  @RequirePermission(ApiKeyPermissions.manage)
  @Refuses(404, ApiKeyErrors.notFound)
  async get(@Param('api_key_id', IdPipe) apiKeyId: number, @Query() query: GetUsageQuery): Promise<UsageResponse> {
    return UsageResponse.from(await this.usage.summary(apiKeyId, query));
  }

  /** List the requests of a key, newest first, refused ones included. */
  @Get('access-logs')
  @RequirePermission(ApiKeyPermissions.manage)
  @ApiOkResponse({ type: AccessLogList })
  @Refuses(404, ApiKeyErrors.notFound)
  async listAccessLogs(
    @Param('api_key_id', IdPipe) apiKeyId: number,
    @Query() query: ListKeyAccessLogsQuery,
  ): Promise<ListResponse<AccessLogResponse>> {
    return listResponse(await this.usage.listAccessLogs(apiKeyId, query), AccessLogResponse.from);
  }
}
