import { Body, Controller, Get, Header, HttpCode, Post, Res } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated, Public } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { OpenDuringEnrolment } from '../common/step-up.decorator.js';
import { UserAgent } from '../common/user-agent.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { ThrottlingErrors } from '../throttling/rate-limit.js';
import { JwksResponse, LoginRequest, LoginResponse, RefreshRequest, WhoamiResponse } from './auth.dto.js';
import { AuthErrors } from './auth.errors.js';
import { LoginService } from './login.service.js';
import { SessionsService } from './sessions.service.js';
import { LoginChallengeResponse, LoginCodeRequest } from './two-factor/two-factor.dto.js';

@ApiTags('Authentication')
@Controller('crm')
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly secrets: Secrets,
  ) {}

  /** Log in with e-mail and password. Who has two-factor gets a challenge instead of tokens. */
  @Post('auth/login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @ApiExtraModels(LoginResponse, LoginChallengeResponse)
  @ApiOkResponse({
    schema: { anyOf: [LoginResponse, LoginChallengeResponse].map((it) => ({ $ref: getSchemaPath(it) })) },
  })
  @Refuses(401, AuthErrors.invalidCredentials)
  @Refuses(429, ThrottlingErrors.tooManyFailures)
  async login(
    @Body() body: LoginRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @UserAgent() device: string | undefined,
  ): Promise<LoginResponse | LoginChallengeResponse> {
    const login = await this.logins.login(body.email, body.password, device);
    reply.headers(login.headers);
    return LoginResponse.of(login);
  }

  /** Answer the challenge of a login with a code of the authenticator, or with a backup code. */
  @Post('auth/login/2fa')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @Refuses(401, AuthErrors.invalidCode, AuthErrors.invalidChallenge)
  @Refuses(429, ThrottlingErrors.tooManyFailures)
  async loginWithCode(
    @Body() body: LoginCodeRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @UserAgent() device: string | undefined,
  ): Promise<LoginResponse> {
    const { pair, headers } = await this.logins.loginWithCode(body.challenge_token, body.code, device);
    reply.headers(headers);
    return LoginResponse.from(pair);
  }

  /** Exchange a refresh token for the next pair. Each is good once. */
  @Post('auth/refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @Refuses(401, AuthErrors.invalidRefreshToken)
  @Refuses(429, ThrottlingErrors.tooManyFailures)
  async refresh(@Body() body: RefreshRequest): Promise<LoginResponse> {
    return LoginResponse.from(await this.sessions.refresh(body.refresh_token));
  }

  /** End the session behind this token, with its refresh tokens. A key or an address has none to end. */
  @Post('auth/logout')
  @HttpCode(204)
  @Authenticated()
  @OpenDuringEnrolment()
  async logout(@CurrentPrincipal() principal: Principal): Promise<void> {
    await this.sessions.endOwn(principal);
  }

  /** Say who is asking, and what they may do. */
  @Get('auth/whoami')
  @Authenticated()
  @OpenDuringEnrolment()
  whoami(@CurrentPrincipal() principal: Principal): WhoamiResponse {
    return WhoamiResponse.from(principal);
  }

  /** The public keys that access tokens can be verified with. */
  @Get('.well-known/jwks.json')
  @Header('Cache-Control', 'public, max-age=300')
  @Public()
  jwks(): JwksResponse {
    return this.secrets.signingKeys.jwks();
  }
}
