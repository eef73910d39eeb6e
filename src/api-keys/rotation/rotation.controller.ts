import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { IdPipe } from '../../common/id.pipe.js';
import type { Principal } from '../../common/principal.js';
import { ApiKeyPermissions } from '../api-keys.permissions.js';
import { RegenerateApiKeyRequest, RegeneratedApiKeyResponse, RotationResponse } from './rotation.dto.js';
import { RotationService } from './rotation.service.js';

@ApiTags('API keys')
@Controller('crm/api-keys/:api_key_id')
export class RotationController {
  constructor(private readonly rotations: RotationService) {}

  /** Give a key a new value. The old one dies at once, unless the body says for how long it works on. */
  @Post('regenerate')
  @HttpCode(200)
  @RequirePermission(ApiKeyPermissions.manage)
  async regenerate(
    @CurrentPrincipal() principal: Principal,
    @Param('api_key_id', IdPipe) apiKeyId: number,
    @Body() body: RegenerateApiKeyRequest,
  ): Promise<RegeneratedApiKeyResponse> {
    return RegeneratedApiKeyResponse.withSecret(await this.rotations.regenerate(principal, apiKeyId, body));
  }

  /** Say who still uses the old value of a key that is being rotated. */
  @Get('rotation')
  @RequirePermission(ApiKeyPermissions.manage)
  async report(@Param('api_key_id', IdPipe) apiKeyId: number): Promise<RotationResponse> {
    return RotationResponse.from(await this.rotations.report(apiKeyId));
  }

  /** Cancel a rotation before the new value's first use: the old one is the only one again. */
  @Delete('rotation')
  @HttpCode(204)
  @RequirePermission(ApiKeyPermissions.manage)
  async cancel(@CurrentPrincipal() principal: Principal, @Param('api_key_id', IdPipe) apiKeyId: number): Promise<void> {
    await this.rotations.cancel(principal, apiKeyId);
  }
}
