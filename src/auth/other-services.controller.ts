import { Body, Controller, Get, Header, HttpCode, Post, Query, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiConsumes, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated, RequirePermission } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import { FORM } from '../common/form-body.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { AnswersOnly } from '../common/status-rule.js';
import { RbacErrors } from '../rbac/rbac.errors.js';
import { WhoamiResponse } from './auth.dto.js';
import { AuthErrors } from './auth.errors.js';
import { ForwardAuthService, statusForProxy } from './forward-auth.service.js';
import { IntrospectionService } from './introspection.service.js';
import { ForwardQuery, IntrospectionResponse, IntrospectRequest } from './other-services.dto.js';
import { TokenPermissions } from './other-services.permissions.js';

@ApiTags('For other services')
@Controller('crm/auth')
export class OtherServicesController {
  constructor(
    private readonly introspection: IntrospectionService,
    private readonly forwardAuth: ForwardAuthService,
  ) {}

  /** Ask what a token is worth now (RFC 7662). */
  @Post('introspect')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @RequirePermission(TokenPermissions.introspect)
  @RouteConfig({ form: true })
  @ApiConsumes(FORM)
  async introspect(@Body() body: IntrospectRequest): Promise<IntrospectionResponse> {
    return IntrospectionResponse.from(await this.introspection.introspect(body.token));
  }

  /** Let a request through a reverse proxy, or not: 200, 401 or 403 and nothing else; a limit that is used up is 403 with Retry-After. Who it is stands in X-Crm-* fields. */
  @Get('forward')
  @Authenticated()
  @AnswersOnly([200, 401, 403], statusForProxy)
  @Refuses(403, RbacErrors.missingPermission, AuthErrors.unknownPermission)
  forward(
    @CurrentPrincipal() principal: Principal,
    @Query() { permission }: ForwardQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): WhoamiResponse {
    reply.headers(this.forwardAuth.admit(principal, permission));
    return WhoamiResponse.from(principal);
  }
}
