import { Module } from '@nestjs/common';
import { LastUseService } from '../audit/last-use.service.js';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { KnownPrincipals } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { StepUpGate } from '../rbac/step-up.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { AccountController } from './account.controller.js';
import { AuthController } from './auth.controller.js';
import { AuthJobs } from './auth.jobs.js';
import { AddressJudge } from './address-judge.js';
import { AuthMetrics } from './auth.metrics.js';
import { AuthenticationFailures } from './authentication-failures.js';
import { CredentialJudge } from './credential-judge.js';
import { DeferredWork } from './deferred-work.js';
import { ForwardAuthService } from './forward-auth.service.js';
import { IntrospectionService } from './introspection.service.js';
import { IpWhitelistController } from './ip-whitelist.controller.js';
import { IpWhitelistPermissions } from './ip-whitelist.permissions.js';
import { LiveSessionsService } from './live-sessions.service.js';
import { KnownAddresses } from './known-addresses.service.js';
import { LoginService } from './login.service.js';
import { OtherServicesController } from './other-services.controller.js';
import { TokenPermissions } from './other-services.permissions.js';
import { PasswordChangeService } from './password-change.service.js';
import { RecoveryController } from './recovery.controller.js';
import { RecoveryService } from './recovery.service.js';
import { RefreshTokens } from './refresh-tokens.js';
import { SessionsController } from './sessions.controller.js';
import { SessionPermissions } from './sessions.permissions.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { ApiKeyBearerStrategy, ApiKeyStrategy } from './strategies/api-key.strategy.js';
import { IpWhitelistStrategy } from './strategies/ip-whitelist.strategy.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { TrustedAddressesRepository } from './trusted-addresses.repository.js';
import { TrustedAddressesService } from './trusted-addresses.service.js';
import { ChallengesRepository } from './two-factor/challenges.repository.js';
import { ChallengesService } from './two-factor/challenges.service.js';
import { CodesService } from './two-factor/codes.service.js';
import { StepUpService } from './two-factor/step-up.service.js';
import { Tries } from './two-factor/tries.service.js';
import { TwoFactorController } from './two-factor/two-factor.controller.js';
import { TwoFactorPermissions } from './two-factor/two-factor.permissions.js';
import { TwoFactorRepository } from './two-factor/two-factor.repository.js';
import { TwoFactorService } from './two-factor/two-factor.service.js';
import { VerifiedCredentials } from './verified-credentials.js';

@Module({
  imports: [ThrottlingModule, UsersModule, ApiKeysModule],
  controllers: [
    AccountController,
    AuthController,
    IpWhitelistController,
    OtherServicesController,
    RecoveryController,
    SessionsController,
    TwoFactorController,
  ],
  providers: [
    AccessTokens,
    ApiKeyBearerStrategy,
    ApiKeyStrategy,
    AuthJobs,
    AuthMetrics,
    AuthenticationFailures,
    ChallengesRepository,
    ChallengesService,
    CodesService,
    AddressJudge,
    CredentialJudge,
    DeferredWork,
    ForwardAuthService,
    IntrospectionService,
    IpWhitelistStrategy,
    JwtStrategy,
    LiveSessionsService,
    KnownAddresses,
    LoginService,
    PasswordChangeService,
    RecoveryService,
    RefreshTokens,
    SessionsRepository,
    SessionsService,
    StepUpService,
    Tries,
    TrustedAddressesRepository,
    TrustedAddressesService,
    TwoFactorRepository,
    TwoFactorService,
    VerifiedCredentials,
  ],
  exports: [AuthenticationFailures, CredentialJudge, SessionsService],
})
export class AuthModule {
  constructor(
    catalogue: PermissionCatalogue,
    lastUse: LastUseService,
    trusted: TrustedAddressesService,
    sessions: LiveSessionsService,
    principals: KnownPrincipals,
    addresses: KnownAddresses,
    gate: StepUpGate,
    stepUp: StepUpService,
  ) {
    catalogue.declare(IpWhitelistPermissions);
    catalogue.declare(SessionPermissions);
    catalogue.declare(TokenPermissions);
    catalogue.declare(TwoFactorPermissions);
    gate.register((principal) => stepUp.prove(principal));
    principals.register(addresses);
    lastUse.register('session', ({ sessionId }, { at }) => sessions.noteSeen(sessionId ?? 0, at));
    lastUse.register('address', (_principal, { at, address }) => trusted.noteUse(address, at));
  }
}
