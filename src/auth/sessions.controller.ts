import { Controller, Delete, Get, HttpCode, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Authenticated, RequirePermission } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { UserErrors } from '../users/users.service.js';
import { AuthErrors } from './auth.errors.js';
import { LiveSessionsService } from './live-sessions.service.js';
import { ListSessionsQuery, SessionList, SessionResponse } from './sessions.dto.js';
import { SessionPermissions } from './sessions.permissions.js';

@ApiTags('Sessions')
@Controller('crm')
export class SessionsController {
  constructor(private readonly sessions: LiveSessionsService) {}

  /** List where you are signed in. */
  @Get('auth/sessions')
  @Authenticated('user')
  @ApiOkResponse({ type: SessionList })
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ListSessionsQuery,
  ): Promise<ListResponse<SessionResponse>> {
    return listResponse(await this.sessions.list(principal, query), SessionResponse.from);
  }

  /** End one of your sessions, with its refresh tokens. */
  @Delete('auth/sessions/:session_id')
  @HttpCode(204)
  @Authenticated('user')
  @Refuses(404, AuthErrors.sessionNotFound)
  async end(@CurrentPrincipal() principal: Principal, @Param('session_id', IdPipe) sessionId: number): Promise<void> {
    await this.sessions.end(principal, sessionId);
  }

  /** End all your sessions but this one. */
  @Delete('auth/sessions')
  @HttpCode(204)
  @Authenticated('user')
  async endOthers(@CurrentPrincipal() principal: Principal): Promise<void> {
    await this.sessions.endOthers(principal);
  }

  /** End every session of a user. Nobody ends those of somebody above them. */
  @Delete('users/:user_id/sessions')
  @HttpCode(204)
  @RequirePermission(SessionPermissions.end)
  @Refuses(403, UserErrors.targetAboveYou, UserErrors.foreignCustomers)
  @Refuses(404, UserErrors.notFound)
  async endAllOf(@CurrentPrincipal() principal: Principal, @Param('user_id', IdPipe) userId: number): Promise<void> {
    await this.sessions.endAllOf(principal, userId);
  }
}
