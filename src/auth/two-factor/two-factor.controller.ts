import { Body, Controller, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Authenticated, RequirePermission } from '../../common/access.decorators.js';
import { CurrentPrincipal } from '../../common/current-principal.js';
import { IdPipe } from '../../common/id.pipe.js';
import type { Principal } from '../../common/principal.js';
import { Refuses } from '../../common/refuses.decorator.js';
import { OpenDuringEnrolment, StepUp, StepUpErrors } from '../../common/step-up.decorator.js';
import { UserErrors } from '../../users/users.service.js';
import { AuthErrors } from '../auth.errors.js';
import {
  BackupCodesResponse,
  ChangeTwoFactorRequest,
  EnableTwoFactorRequest,
  EnrolmentResponse,
  VerifyTwoFactorRequest,
} from './two-factor.dto.js';
import { TwoFactorPermissions } from './two-factor.permissions.js';
import { TwoFactorService } from './two-factor.service.js';

@ApiTags('Two-factor')
@Controller('crm/2fa')
export class TwoFactorController {
  constructor(private readonly twoFactor: TwoFactorService) {}

  /** Begin to set up two-factor for yourself. Nothing changes at login until a code was verified. */
  @Post('enable/user/:user_id')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Authenticated('user')
  @OpenDuringEnrolment()
  @Refuses(403, AuthErrors.wrongPassword)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, AuthErrors.twoFactorEnabled)
  async enable(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: EnableTwoFactorRequest,
  ): Promise<EnrolmentResponse> {
    return EnrolmentResponse.from(await this.twoFactor.enable(principal, userId, body.password));
  }

  /** Finish setting it up with a first code. The answer shows the backup codes this once. */
  @Post('verify/user/:user_id')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Authenticated('user')
  @OpenDuringEnrolment()
  @Refuses(403, AuthErrors.wrongCode)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, AuthErrors.twoFactorEnabled, AuthErrors.enrolmentNotBegun)
  async verify(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: VerifyTwoFactorRequest,
  ): Promise<BackupCodesResponse> {
    return BackupCodesResponse.from(await this.twoFactor.verify(principal, userId, body.code));
  }

  /** Turn your two-factor off. */
  @Post('disable/user/:user_id')
  @HttpCode(204)
  @Authenticated('user')
  @OpenDuringEnrolment()
  @Refuses(403, AuthErrors.wrongPassword, AuthErrors.wrongCode)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, AuthErrors.twoFactorNotEnabled)
  async disable(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: ChangeTwoFactorRequest,
  ): Promise<void> {
    await this.twoFactor.disable(principal, userId, body);
  }

  /** Get new backup codes, shown this once. Those from before are worth nothing any more. */
  @Post('backup-codes/user/:user_id')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Authenticated('user')
  @OpenDuringEnrolment()
  @Refuses(403, AuthErrors.wrongPassword, AuthErrors.wrongCode)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, AuthErrors.twoFactorNotEnabled)
  async renewBackupCodes(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: ChangeTwoFactorRequest,
  ): Promise<BackupCodesResponse> {
    return BackupCodesResponse.from(await this.twoFactor.renewBackupCodes(principal, userId, body));
  }

  /** Turn off another user's two-factor, for somebody who has lost it. Nobody does so to somebody above them. */
  @Post('reset/user/:user_id')
  @HttpCode(204)
  @RequirePermission(TwoFactorPermissions.reset, 'user')
  @StepUp()
  @Refuses(403, StepUpErrors.stepUpRequired, UserErrors.targetAboveYou, UserErrors.foreignCustomers)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, AuthErrors.twoFactorNotEnabled, AuthErrors.ownReset)
  async reset(@CurrentPrincipal() principal: Principal, @Param('user_id', IdPipe) userId: number): Promise<void> {
    await this.twoFactor.reset(principal, userId);
  }
}
