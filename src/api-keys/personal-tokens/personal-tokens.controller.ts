import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Authenticated, RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { IfMatch, type Precondition, Versioned } from '../../common/etag.js';
import { IdPipe } from '../../common/id.pipe.js';
import { type ListResponse, listResponse } from '../../common/page.js';
import type { Principal } from '../../common/principal.js';
import { Refuses } from '../../common/refuses.decorator.js';
import type { Once } from '../../platform/idempotency/idempotency.pipe.js';
import { Idempotent } from '../../platform/idempotency/idempotent.decorator.js';
import { RbacErrors } from '../../rbac/rbac.errors.js';
import { AccessLogList, AccessLogResponse } from '../../audit/audit.dto.js';
import { ApiKeyErrors } from '../api-keys.errors.js';
import { GetUsageQuery, ListKeyAccessLogsQuery, UsageResponse } from '../usage/usage.dto.js';
import {
  CreatedPersonalTokenResponse,
  CreatePersonalTokenRequest,
  ListPersonalTokensQuery,
  PersonalTokenList,
  PersonalTokenResponse,
} from './personal-tokens.dto.js';
import { PersonalTokenErrors } from './personal-tokens.errors.js';
import { PersonalTokenPermissions } from './personal-tokens.permissions.js';
import { PersonalTokensService } from './personal-tokens.service.js';

@ApiTags('Personal tokens')
@Controller('crm/personal-tokens')
export class PersonalTokensController {
  constructor(private readonly tokens: PersonalTokensService) {}

  /** List your personal access tokens; with `manage_personal_tokens` everybody's. */
  @Get()
  @Authenticated('user')
  @ApiOkResponse({ type: PersonalTokenList })
  @Refuses(403, RbacErrors.missingPermission)
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ListPersonalTokensQuery,
  ): Promise<ListResponse<PersonalTokenResponse>> {
    return listResponse(await this.tokens.list(principal, query), PersonalTokenResponse.from);
  }

  /** Create a personal access token within your rights. The answer shows it this once. */
  @Post()
  @Versioned()
  @RequirePermission(PersonalTokenPermissions.create, 'user')
  @Refuses(403, PersonalTokenErrors.disabled, RbacErrors.cannotGrant)
  @Refuses(422, ApiKeyErrors.lifetimeTooLong)
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreatePersonalTokenRequest,
    @Idempotent() once: Once,
  ): Promise<CreatedPersonalTokenResponse> {
    return once(async () => CreatedPersonalTokenResponse.withSecret(await this.tokens.create(principal, body)));
  }

  /** Revoke one of your tokens, or with `manage_personal_tokens` anybody's, for ever. */
  @Delete(':personal_token_id')
  @HttpCode(204)
  @Authenticated('user')
  @Refuses(404, PersonalTokenErrors.notFound)
  async revoke(
    @CurrentPrincipal() principal: Principal,
    @Param('personal_token_id', IdPipe) tokenId: number,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.tokens.revoke(principal, tokenId, ifMatch);
  }

  /** Count the requests of a token by hour or day, class of answer, route and address. */
  @Get(':personal_token_id/usage')
  @Authenticated('user')
  @Refuses(404, PersonalTokenErrors.notFound)
  async usage(
    @CurrentPrincipal() principal: Principal,
    @Param('personal_token_id', IdPipe) tokenId: number,
    @Query() query: GetUsageQuery,
  ): Promise<UsageResponse> {
    return UsageResponse.from(await this.tokens.usage(principal, tokenId, query));
  }

  /** List the requests of a token, newest first, refused ones included. */
  @Get(':personal_token_id/access-logs')
  @Authenticated('user')
  @ApiOkResponse({ type: AccessLogList })
  @Refuses(404, PersonalTokenErrors.notFound)
  async listAccessLogs(
    @CurrentPrincipal() principal: Principal,
    @Param('personal_token_id', IdPipe) tokenId: number,
    @Query() query: ListKeyAccessLogsQuery,
  ): Promise<ListResponse<AccessLogResponse>> {
    return listResponse(await this.tokens.listAccessLogs(principal, tokenId, query), AccessLogResponse.from);
  }
}
