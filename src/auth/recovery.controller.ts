import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.decorators.js';
import { Refuses } from '../common/refuses.decorator.js';
import { PasswordErrors } from '../platform/secrets/password-policy.js';
import { ThrottlingErrors } from '../throttling/rate-limit.js';
import { UserErrors } from '../users/users.service.js';
import { ForgotPasswordRequest, ResetPasswordRequest } from './recovery.dto.js';
import { RecoveryService } from './recovery.service.js';

@ApiTags('Own account')
@Controller('crm/auth')
export class RecoveryController {
  constructor(private readonly recovery: RecoveryService) {}

  /** Ask for a mail with which to choose a new password. The answer is the same whether or not there is an account. */
  @Post('password/forgot')
  @HttpCode(204)
  @Public()
  @Refuses(429, ThrottlingErrors.tooMany)
  forgot(@Body() body: ForgotPasswordRequest): void {
    this.recovery.forgot(body);
  }

  /** Choose a new password with the token of a mail. All sessions end. */
  @Post('password/reset')
  @HttpCode(204)
  @Public()
  @Refuses(401, UserErrors.invalidToken, UserErrors.tokenExpired)
  @Refuses(422, PasswordErrors.tooCommon, PasswordErrors.isEmail)
  @Refuses(429, ThrottlingErrors.tooManyFailures)
  async reset(@Body() body: ResetPasswordRequest): Promise<void> {
    await this.recovery.reset(body);
  }
}
