import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { type ListResponse, listResponse } from '../common/page.js';
import {
  TestAddressRequest,
  TestAddressResponse,
  TrustedAddressList,
  TrustedAddressResponse,
} from './ip-whitelist.dto.js';
import { IpWhitelistPermissions } from './ip-whitelist.permissions.js';
import { TrustedAddressesService } from './trusted-addresses.service.js';

@ApiTags('Trusted addresses')
@Controller('crm/ip-whitelist')
export class IpWhitelistController {
  constructor(private readonly trusted: TrustedAddressesService) {}

  /** List the trusted addresses of the configuration file, whole. */
  @Get()
  @RequirePermission(IpWhitelistPermissions.view)
  @ApiOkResponse({ type: TrustedAddressList })
  async list(): Promise<ListResponse<TrustedAddressResponse>> {
    const rows = await this.trusted.list();
    return listResponse({ rows, limit: rows.length, nextCursor: null }, TrustedAddressResponse.from);
  }

  /** Say which entry, if any, would decide about a request from this address. */
  @Post('test')
  @HttpCode(200)
  @RequirePermission(IpWhitelistPermissions.view)
  async test(@Body() body: TestAddressRequest): Promise<TestAddressResponse> {
    return TestAddressResponse.from(await this.trusted.test(body.address));
  }
}
