import { Controller, Delete, Get, HttpCode, UseInterceptors } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { ApiKeyDetailsResponse } from './api-keys.dto.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import { ChildrenService } from './children/children.service.js';
import { ApiKeysService } from './api-keys.service.js';
import { RefusedGrantsInterceptor } from './refused-grants.interceptor.js';

@ApiTags('API keys')
@Controller('crm/api-keys/self')
@UseInterceptors(RefusedGrantsInterceptor)
export class OwnApiKeyController {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly children: ChildrenService,
  ) {}

  /** What the key that asks is, and what it may do. */
  @Get()
  @Authenticated('api_key', 'personal_token')
  async get(@CurrentPrincipal() principal: Principal): Promise<ApiKeyDetailsResponse> {
    return ApiKeyDetailsResponse.from(await this.children.ownDetails(principal));
  }

  /** Revoke the key that asks, e.g. when its owner fears that it leaked. */
  @Delete()
  @HttpCode(204)
  @Authenticated('api_key', 'personal_token')
  @Refuses(409, ApiKeyErrors.protected, ApiKeyErrors.fromConfig)
  async revoke(@CurrentPrincipal() principal: Principal): Promise<void> {
    await this.apiKeys.end(principal, principal.id ?? 0, null);
  }
}
