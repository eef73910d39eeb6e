import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { Versioned } from '../common/etag.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { Refuses } from '../common/refuses.decorator.js';
import { RbacErrors } from './rbac.errors.js';
import { RolePermissions } from './rbac.permissions.js';
import { ListRolesQuery, RoleList, RoleResponse } from './roles.dto.js';
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

  /** Read one role. */
  @Get(':role_id')
  @RequirePermission(RolePermissions.view)
  @Versioned()
  @Refuses(404, RbacErrors.roleNotFound)
  async get(@Param('role_id', IdPipe) roleId: number): Promise<RoleResponse> {
    return RoleResponse.from(await this.roles.get(roleId));
  }
}
