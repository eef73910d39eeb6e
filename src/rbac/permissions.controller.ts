import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { PermissionCatalogue } from './permission-catalogue.js';
import { RolePermissions } from './rbac.permissions.js';
import { PermissionList, PermissionResponse } from './roles.dto.js';

@ApiTags('Roles and permissions')
@Controller('crm/permissions')
export class PermissionsController {
  constructor(private readonly catalogue: PermissionCatalogue) {}

  /** List every permission there is; it is a short list, so it comes whole. */
  @Get()
  @RequirePermission(RolePermissions.view)
  @ApiOkResponse({ type: PermissionList })
  list(): ListResponse<PermissionResponse> {
    const rows = this.catalogue.list();
    return listResponse({ rows, limit: rows.length, nextCursor: null }, PermissionResponse.from);
  }
}
