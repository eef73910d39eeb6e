import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import { IfMatch, type Precondition, Versioned } from '../common/etag.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { StepUp, StepUpErrors } from '../common/step-up.decorator.js';
import type { Once } from '../platform/idempotency/idempotency.pipe.js';
import { Idempotent } from '../platform/idempotency/idempotent.decorator.js';
import { RbacErrors } from './rbac.errors.js';
import { RolePermissions } from './rbac.permissions.js';
import {
  CreateRoleRequest,
  DeleteRoleQuery,
  ListRolesQuery,
  RoleList,
  RoleResponse,
  UpdateRoleRequest,
} from './roles.dto.js';
import { RolesService } from './roles.service.js';

@ApiTags('Roles and permissions')
@Controller('crm/roles')
export class RolesController {
  constructor(private readonly roles: RolesService) {}

  /** List roles. */
  @Get()
  @RequirePermission(RolePermissions.view)
  @ApiOkResponse({ type: RoleList })
  async list(@Query() query: ListRolesQuery): Promise<ListResponse<RoleResponse>> {
    return listResponse(await this.roles.list(query), RoleResponse.from);
  }

  /** Create a role from permissions that one holds. */
  @Post()
  @Versioned()
  @RequirePermission(RolePermissions.create)
  @StepUp()
  @Refuses(403, RbacErrors.cannotGrant, StepUpErrors.stepUpRequired)
  @Refuses(409, RbacErrors.roleNameTaken)
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateRoleRequest,
    @Idempotent() once: Once,
  ): Promise<RoleResponse> {
    return once(async () => RoleResponse.from(await this.roles.create(principal, body)));
  }

  /** Read one role. */
  @Get(':role_id')
  @RequirePermission(RolePermissions.view)
  @Versioned()
  @Refuses(404, RbacErrors.roleNotFound)
  async get(@Param('role_id', IdPipe) roleId: number): Promise<RoleResponse> {
    return RoleResponse.from(await this.roles.get(roleId));
  }

  /** Edit a role. Whoever has it has the new rights on the very next request. */
  @Patch(':role_id')
  @RequirePermission(RolePermissions.update)
  @StepUp()
  @ApiOkResponse({ type: RoleResponse })
  @ApiNoContentResponse({ description: 'Changed, by somebody who may not see the role.' })
  @Versioned()
  @Refuses(403, RbacErrors.cannotGrant, StepUpErrors.stepUpRequired)
  @Refuses(404, RbacErrors.roleNotFound)
  @Refuses(409, RbacErrors.adminProtected, RbacErrors.builtIn, RbacErrors.roleNameTaken, RbacErrors.roleConfigured)
  async update(
    @CurrentPrincipal() principal: Principal,
    @Param('role_id', IdPipe) roleId: number,
    @Body() body: UpdateRoleRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<RoleResponse | undefined> {
    return RoleResponse.orNothing(await this.roles.update(principal, roleId, body, ifMatch));
  }

  /** Delete a role. One that is assigned needs a replacement, which takes its place everywhere. */
  @Delete(':role_id')
  @HttpCode(204)
  @RequirePermission(RolePermissions.delete)
  @StepUp()
  @Refuses(403, RbacErrors.cannotGrant, StepUpErrors.stepUpRequired)
  @Refuses(404, RbacErrors.roleNotFound)
  @Refuses(409, RbacErrors.builtIn, RbacErrors.roleAssigned, RbacErrors.roleConfigured)
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param('role_id', IdPipe) roleId: number,
    @Query() query: DeleteRoleQuery,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.roles.remove(principal, { roleId, replacementId: query.replacement_role_id ?? null }, ifMatch);
  }
}
