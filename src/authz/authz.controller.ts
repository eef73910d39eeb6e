import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import { IdPipe } from '../common/id.pipe.js';
import { ListQuery, type ListResponse, listResponse } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { RbacErrors } from '../rbac/rbac.errors.js';
import {
  ExplainRequest,
  ExplainResponse,
  PreviewRoleRequest,
  RoleChangeList,
  RoleChangeResponse,
  WhoCanList,
  WhoCanQuery,
  WhoCanResponse,
} from './authz.dto.js';
import { AuthzErrors } from './authz.errors.js';
import { AuthzPermissions } from './authz.permissions.js';
import { AuthzService } from './authz.service.js';

@ApiTags('Roles and permissions')
@Controller('crm')
export class AuthzController {
  constructor(private readonly authz: AuthzService) {}

  /** Say why somebody may or may not do something, and the least that would change it. */
  @Post('authz/explain')
  @HttpCode(200)
  @RequirePermission(AuthzPermissions.explain)
  @Refuses(404, AuthzErrors.principalNotFound, AuthzErrors.routeNotFound, AuthzErrors.subjectNotFound)
  @Refuses(422, AuthzErrors.noRows)
  async explain(@CurrentPrincipal() principal: Principal, @Body() body: ExplainRequest): Promise<ExplainResponse> {
    return ExplainResponse.from(await this.authz.explain(principal, body));
  }

  /** List everybody who may do something: users, keys and trusted addresses. */
  @Get('authz/who-can')
  @RequirePermission(AuthzPermissions.explain)
  @ApiOkResponse({ type: WhoCanList })
  @Refuses(404, AuthzErrors.subjectNotFound)
  @Refuses(422, AuthzErrors.noRows)
  async whoCan(
    @CurrentPrincipal() principal: Principal,
    @Query() query: WhoCanQuery,
  ): Promise<ListResponse<WhoCanResponse>> {
    return listResponse(await this.authz.whoCan(principal, query), WhoCanResponse.of);
  }

  /** List whose rights an edit of the role would change. Nothing is changed. */
  @Post('roles/:role_id/preview')
  @HttpCode(200)
  @RequirePermission(AuthzPermissions.explain)
  @ApiOkResponse({ type: RoleChangeList })
  @Refuses(404, RbacErrors.roleNotFound)
  async preview(
    @CurrentPrincipal() principal: Principal,
    @Param('role_id', IdPipe) roleId: number,
    @Body() body: PreviewRoleRequest,
    @Query() query: ListQuery,
  ): Promise<ListResponse<RoleChangeResponse>> {
    const { permissions } = body;
    return listResponse(await this.authz.preview(principal, { roleId, permissions }, query), RoleChangeResponse.of);
  }
}
