import { Body, Controller, Get, HttpCode, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import { IfMatch, type Precondition, Versioned } from '../common/etag.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { PasswordErrors } from '../platform/secrets/password-policy.js';
import { OwnAccountService } from '../users/own-account.service.js';
import { UsersService } from '../users/users.service.js';
import { ChangePasswordRequest, ProfileResponse, UpdateProfileRequest } from './account.dto.js';
import { AuthErrors } from './auth.errors.js';
import { PasswordChangeService } from './password-change.service.js';

@ApiTags('Own account')
@Controller('crm/auth')
export class AccountController {
  constructor(
    private readonly users: UsersService,
    private readonly accounts: OwnAccountService,
    private readonly passwords: PasswordChangeService,
  ) {}

  /** Read your own account. */
  @Get('profile')
  @Authenticated('user')
  @Versioned()
  async profile(@CurrentPrincipal() principal: Principal): Promise<ProfileResponse> {
    return ProfileResponse.from(await this.users.get(principal.id ?? 0));
  }

  /** Edit your own account: the name. Everything else of it is an administrator's. */
  @Patch('profile')
  @Authenticated('user')
  @Versioned()
  async updateProfile(
    @CurrentPrincipal() principal: Principal,
    @Body() body: UpdateProfileRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<ProfileResponse> {
    return ProfileResponse.from(await this.accounts.rename(principal, body.name, ifMatch));
  }

  /** Change your password. All your other sessions end. */
  @Post('password/change')
  @HttpCode(204)
  @Authenticated('user')
  @Refuses(403, AuthErrors.wrongPassword)
  @Refuses(422, PasswordErrors.tooCommon, PasswordErrors.isEmail)
  async changePassword(@CurrentPrincipal() principal: Principal, @Body() body: ChangePasswordRequest): Promise<void> {
    await this.passwords.change(principal, body);
  }
}
