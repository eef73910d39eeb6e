import { Body, Controller, Delete, Get, HttpCode, Param, Post, UseInterceptors } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { IfMatch, type Precondition } from '../../common/etag.js';
import { IdPipe } from '../../common/id.pipe.js';
import type { Principal } from '../../common/principal.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { MayStepUp, StepUpErrors } from '../../common/step-up.decorator.js';
import { RbacErrors } from '../../rbac/rbac.errors.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { ApiKeyPermissions } from '../api-keys.permissions.js';
import { RegenerateApiKeyRequest, RegeneratedApiKeyResponse, RotationResponse } from './rotation.dto.js';
import { RotationService } from './rotation.service.js';
import { RefusedGrantsInterceptor } from '../refused-grants.interceptor.js';

/** The fields exclude each other in part, so an example of all of them would be refused. */
const EXAMPLES = {
  'at once': { value: {} },
  'a day of grace': { value: { grace_period_seconds: 86_400 } },
  'after the first use': { value: { retire_seconds_after_first_use: 3_600 } },
};

@ApiTags('API keys')
@Controller('crm/api-keys/:api_key_id')
@UseInterceptors(RefusedGrantsInterceptor)
export class RotationController {
  constructor(private readonly rotations: RotationService) {}

  /** Give a key a new value. The old one dies at once, unless the body says for how long it works on. */
  @Post('regenerate')
  @HttpCode(200)
  @RequirePermission(ApiKeyPermissions.manage)
  @ApiBody({ type: RegenerateApiKeyRequest, required: false, examples: EXAMPLES })
  @MayStepUp('the key holds `admin`')
  @Refuses(403, RbacErrors.cannotGrant, ApiKeyErrors.outdatedValue, ApiKeyErrors.ancestor, StepUpErrors.stepUpRequired)
  @Refuses(404, ApiKeyErrors.notFound)
  @Refuses(409, ApiKeyErrors.protected, ApiKeyErrors.revoked, ApiKeyErrors.extendFirst, ApiKeyErrors.fromConfig)
  @Refuses(422, ApiKeyErrors.graceTooLong, ApiKeyErrors.beyondParent)
  async regenerate(
    @CurrentPrincipal() principal: Principal,
    @Param('api_key_id', IdPipe) apiKeyId: number,
    @Body() body: RegenerateApiKeyRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<RegeneratedApiKeyResponse> {
    return RegeneratedApiKeyResponse.withSecret(await this.rotations.regenerate(principal, apiKeyId, body, ifMatch));
  }

  /** Say who still uses the old value of a key that is being rotated. */
  @Get('rotation')
  @RequirePermission(ApiKeyPermissions.manage)
  @Refuses(404, ApiKeyErrors.notFound, ApiKeyErrors.noRotation)
  async report(@Param('api_key_id', IdPipe) apiKeyId: number): Promise<RotationResponse> {
    return RotationResponse.from(await this.rotations.report(apiKeyId));
  }

  /** Cancel a rotation before the new value's first use: the old one is the only one again. */
  @Delete('rotation')
  @HttpCode(204)
  @RequirePermission(ApiKeyPermissions.manage)
  @Refuses(403, RbacErrors.cannotGrant, ApiKeyErrors.outdatedValue, ApiKeyErrors.ancestor)
  @Refuses(404, ApiKeyErrors.notFound, ApiKeyErrors.noRotation)
  @Refuses(409, ApiKeyErrors.rotationUsed, ApiKeyErrors.revoked)
  @Refuses(422, ApiKeyErrors.beyondParent)
  async cancel(@CurrentPrincipal() principal: Principal, @Param('api_key_id', IdPipe) apiKeyId: number): Promise<void> {
    await this.rotations.cancel(principal, apiKeyId);
  }
}
