import { Body, Controller, Get, Header, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiTags, ApiTooManyRequestsResponse, ApiUnauthorizedResponse } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Authenticated, Public } from '../common/access.decorators.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { ProblemResponse } from '../common/problem.dto.js';
import { Secrets } from '../platform/secrets/secrets.service.js';
import { JwksResponse, LoginRequest, LoginResponse, RefreshRequest, WhoamiResponse } from './auth.dto.js';
import { LoginService } from './login.service.js';
import { SessionsService } from './sessions.service.js';

@ApiTags('Authentication')
@Controller('crm')
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionsService,
    private readonly secrets: Secrets,
  ) {}

  /** Log in with e-mail and password. */
  @Post('auth/login')
  @HttpCode(200)
  @Public()
  @ApiUnauthorizedResponse({
    type: ProblemResponse,
    description: 'Wrong e-mail or password: the answer does not say which.',
  })
  @ApiTooManyRequestsResponse({ type: ProblemResponse, description: 'Too many failures for this account or address.' })
  async login(
    @Body() body: LoginRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Headers('user-agent') device?: string,
  ): Promise<LoginResponse> {
    const { pair, headers } = await this.logins.login(body.email, body.password, device);
    reply.headers(headers);
    return LoginResponse.from(pair);
  }

  /** Exchange a refresh token for the next pair. Each is good once. */
  @Post('auth/refresh')
  @HttpCode(200)
  @Public()
  @ApiUnauthorizedResponse({ type: ProblemResponse, description: 'Spent, ended or unknown: log in again.' })
  async refresh(@Body() body: RefreshRequest): Promise<LoginResponse> {
    return LoginResponse.from(await this.sessions.refresh(body.refresh_token));
  }

  /** End the session behind this token, with its refresh tokens. A key or an address has none to end. */
  @Post('auth/logout')
  @HttpCode(204)
  @Authenticated()
  async logout(@CurrentPrincipal() principal: Principal): Promise<void> {
    await this.sessions.endOwn(principal);
  }

  /** Say who is asking, and what they may do. */
  @Get('auth/whoami')
  @Authenticated()
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
