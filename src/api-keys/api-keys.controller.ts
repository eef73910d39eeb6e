import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, UseInterceptors } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { IfMatch, type Precondition, Versioned } from '../common/etag.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { MayStepUp, StepUpErrors } from '../common/step-up.decorator.js';
import type { Once } from '../platform/idempotency/idempotency.pipe.js';
import { Idempotent } from '../platform/idempotency/idempotent.decorator.js';
import { RbacErrors } from '../rbac/rbac.errors.js';
import {
  ApiKeyDetailsResponse,
  ApiKeyList,
  ApiKeyResponse,
  CreateApiKeyRequest,
  CreatedApiKeyResponse,
  ListApiKeysQuery,
  UpdateApiKeyRequest,
} from './api-keys.dto.js';
import { ApiKeyPresetList, ApiKeyPresetResponse, ApiKeyStatsResponse } from './api-key-overview.dto.js';
import { ApiKeyErrors } from './api-keys.errors.js';
import { ApiKeyPermissions } from './api-keys.permissions.js';
import { ApiKeysService } from './api-keys.service.js';
import { ChildrenService } from './children/children.service.js';
import { API_KEY_PRESETS } from './api-key.presets.js';
import { RefusedGrantsInterceptor } from './refused-grants.interceptor.js';

@ApiTags('API keys')
@Controller('crm/api-keys')
@UseInterceptors(RefusedGrantsInterceptor)
export class ApiKeysController {
  constructor(
    private readonly apiKeys: ApiKeysService,
    private readonly children: ChildrenService,
  ) {}

  /** List API keys: all but revoked ones, unless a status is asked for. */
  @Get()
  @RequirePermission(ApiKeyPermissions.manage)
  @ApiOkResponse({ type: ApiKeyList })
  async list(@Query() query: ListApiKeysQuery): Promise<ListResponse<ApiKeyResponse>> {
    return listResponse(await this.apiKeys.list(query), ApiKeyResponse.from);
  }

  /** Create an API key. The answer shows it this once. */
  @Post()
  @Versioned()
  @RequirePermission(ApiKeyPermissions.manage)
  @MayStepUp('the key gets `admin`')
  @Refuses(403, RbacErrors.cannotGrant, ApiKeyErrors.outdatedValue, StepUpErrors.stepUpRequired)
  @Refuses(422, ApiKeyErrors.lifetimeTooLong, ApiKeyErrors.beyondParent, ApiKeyErrors.tooDeep)
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateApiKeyRequest,
    @Idempotent() once: Once,
  ): Promise<CreatedApiKeyResponse> {
    return once(async () => CreatedApiKeyResponse.withSecret(await this.apiKeys.create(principal, body)));
  }

  /** Count keys for a dashboard. */
  @Get('stats')
  @RequirePermission(ApiKeyPermissions.manage)
  stats(): Promise<ApiKeyStatsResponse> {
    return this.apiKeys.stats();
  }

  /** Starting points for the keys that most installations need. */
  @Get('presets')
  @RequirePermission(ApiKeyPermissions.manage)
  @ApiOkResponse({ type: ApiKeyPresetList })
  presets(): ListResponse<ApiKeyPresetResponse> {
    const page = { rows: API_KEY_PRESETS, limit: API_KEY_PRESETS.length, nextCursor: null };
    return listResponse(page, ApiKeyPresetResponse.from);
  }

  /** Read one API key, masked, with everything it may do and the keys that it made. */
  @Get(':api_key_id')
  @RequirePermission(ApiKeyPermissions.manage)
  @Versioned()
  @Refuses(404, ApiKeyErrors.notFound)
  async get(@Param('api_key_id', IdPipe) apiKeyId: number): Promise<ApiKeyDetailsResponse> {
    return ApiKeyDetailsResponse.from(await this.children.details(apiKeyId));
  }

  /** Edit name, description, expiry and grants. A future expiry revives an expired key. */
  @Patch(':api_key_id')
  @RequirePermission(ApiKeyPermissions.manage)
  @Versioned()
  @MayStepUp('the key gets `admin`')
  @Refuses(403, RbacErrors.cannotGrant, ApiKeyErrors.ownEdit, ApiKeyErrors.ancestor, StepUpErrors.stepUpRequired)
  @Refuses(404, ApiKeyErrors.notFound)
  @Refuses(409, ApiKeyErrors.revoked, ApiKeyErrors.fromConfig)
  @Refuses(422, ApiKeyErrors.lifetimeTooLong, ApiKeyErrors.beyondParent)
  async update(
    @CurrentPrincipal() principal: Principal,
    @Param('api_key_id', IdPipe) apiKeyId: number,
    @Body() body: UpdateApiKeyRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<ApiKeyResponse> {
    return ApiKeyResponse.from(await this.apiKeys.update(principal, apiKeyId, body, ifMatch));
  }

  /** Revoke an API key for ever. The next request with it gets 401. */
  @Delete(':api_key_id')
  @HttpCode(204)
  @RequirePermission(ApiKeyPermissions.manage)
  @Refuses(403, ApiKeyErrors.outdatedValue, ApiKeyErrors.ancestor)
  @Refuses(404, ApiKeyErrors.notFound)
  @Refuses(409, ApiKeyErrors.protected, ApiKeyErrors.fromConfig)
  async revoke(
    @CurrentPrincipal() principal: Principal,
    @Param('api_key_id', IdPipe) apiKeyId: number,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.apiKeys.revoke(principal, apiKeyId, ifMatch);
  }
}
