import { Body, Controller, HttpCode, Post, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import type { Principal } from '../../common/principal.js';
import { ApiKeyPermissions } from '../api-keys.permissions.js';
import { ReportLeaksRequest, ReportLeaksResponse } from './leaks.dto.js';
import { LeaksService } from './leaks.service.js';
import { RefusedGrantsInterceptor } from '../refused-grants.interceptor.js';

@ApiTags('API keys')
@Controller('crm/api-keys/leaked')
@UseInterceptors(RefusedGrantsInterceptor)
export class LeaksController {
  constructor(private readonly leaks: LeaksService) {}

  /** Report keys that were found in the open: those that are ours are revoked at once. */
  @Post()
  @HttpCode(200)
  @RequirePermission(ApiKeyPermissions.manage)
  async report(
    @CurrentPrincipal() principal: Principal,
    @Body() body: ReportLeaksRequest,
  ): Promise<ReportLeaksResponse> {
    return ReportLeaksResponse.from(await this.leaks.report(principal, body.tokens));
  }
}
