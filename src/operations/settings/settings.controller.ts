import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { IfMatch, type Precondition, Versioned } from '../../common/etag.js';
import type { Principal } from '../../common/principal.js';
import { SettingPermissions } from '../operations.permissions.js';
import { SettingsResponse, UpdateSettingsRequest } from './settings.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('Operation')
@Controller('crm/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  /** Read every run-time setting. */
  @Get()
  @RequirePermission(SettingPermissions.view)
  @Versioned()
  async get(): Promise<SettingsResponse> {
    return SettingsResponse.from(await this.settings.get());
  }

  /** Change run-time settings. It counts at once here, and within a second on every other node. */
  @Patch()
  @RequirePermission(SettingPermissions.update)
  @Versioned()
  async update(
    @CurrentPrincipal() principal: Principal,
    @Body() body: UpdateSettingsRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<SettingsResponse> {
    return SettingsResponse.from(await this.settings.update(principal, body, ifMatch));
  }
}
