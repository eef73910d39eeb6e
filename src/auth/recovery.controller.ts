import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public } from '../common/access.decorators.js';
import { CommonErrors } from '../common/errors.js';
import { Refuses } from '../common/refuses.decorator.js';
import { PasswordErrors } from '../platform/secrets/password-policy.js';
import { ThrottlingErrors } from '../throttling/rate-limit.js';
import { UserErrors } from '../users/users.service.js';
import { ForgotPasswordRequest, ResetPasswordRequest, SignupRequest, VerifyEmailRequest } from './recovery.dto.js';
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

  /** Prove that you read an address with the token that was mailed there: a new one of an account counts from then on, and so does a sign-up. */
  @Post('verify-email')
  @HttpCode(204)
  @Public()
  @Refuses(401, UserErrors.invalidToken, UserErrors.tokenExpired)
  @Refuses(409, UserErrors.emailTaken)
  @Refuses(429, ThrottlingErrors.tooManyFailures)
  async verifyEmail(@Body() body: VerifyEmailRequest): Promise<void> {
    await this.recovery.verifyEmail(body);
  }

  /** Sign up, where `users.self_signup` is on. There is an account once the address is verified, and the answer tells nothing. */
  @Post('signup')
  @HttpCode(204)
  @Public()
  @Refuses(404, CommonErrors.noSuchRoute)
  @Refuses(422, PasswordErrors.tooCommon, PasswordErrors.isEmail)
  @Refuses(429, ThrottlingErrors.tooMany)
  signup(@Body() body: SignupRequest): void {
    this.recovery.signup(body);
  }
}
