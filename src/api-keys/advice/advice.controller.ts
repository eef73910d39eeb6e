import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { IdPipe } from '../../common/id.pipe.js';
import { type ListResponse, listResponse } from '../../common/page.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { ApiKeyPermissions } from '../api-keys.permissions.js';
import { AdviceList, AdviceResponse, ListAdviceQuery } from './advice.dto.js';
import { AdviceService } from './advice.service.js';

@ApiTags('API keys')
@Controller('crm/api-keys')
export class AdviceController {
  constructor(private readonly advice: AdviceService) {}

  /** List keys that something should be done about. A page may be short while more follow. */
  @Get('advice')
  @RequirePermission(ApiKeyPermissions.manage)
  @ApiOkResponse({ type: AdviceList })
  async list(@Query() query: ListAdviceQuery): Promise<ListResponse<AdviceResponse>> {
    return listResponse(await this.advice.list(query), AdviceResponse.from);
  }

  /** Say what should be done about one key. */
  @Get(':api_key_id/advice')
  @RequirePermission(ApiKeyPermissions.manage)
  @Refuses(404, ApiKeyErrors.notFound)
  async get(@Param('api_key_id', IdPipe) apiKeyId: number): Promise<AdviceResponse> {
    return AdviceResponse.from(await this.advice.get(apiKeyId));
  }
}
