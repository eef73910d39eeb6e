import { Module } from '@nestjs/common';
import { LastUseService } from '../audit/last-use.service.js';
import { ApiKeysModule } from '../api-keys/api-keys.module.js';
import { KnownPrincipals } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { ThrottlingModule } from '../throttling/throttling.module.js';
import { UsersModule } from '../users/users.module.js';
import { AccessTokens } from './access-tokens.js';
import { AuthController } from './auth.controller.js';
import { AuthJobs } from './auth.jobs.js';
import { IpWhitelistController } from './ip-whitelist.controller.js';
import { IpWhitelistPermissions } from './ip-whitelist.permissions.js';
import { KnownAddresses } from './known-addresses.service.js';
import { LoginService } from './login.service.js';
import { RefreshTokens } from './refresh-tokens.js';
import { SessionsRepository } from './sessions.repository.js';
import { SessionsService } from './sessions.service.js';
import { ApiKeyBearerStrategy, ApiKeyStrategy } from './strategies/api-key.strategy.js';
import { IpWhitelistStrategy } from './strategies/ip-whitelist.strategy.js';
import { JwtStrategy } from './strategies/jwt.strategy.js';
import { TrustedAddressesRepository } from './trusted-addresses.repository.js';
import { TrustedAddressesService } from './trusted-addresses.service.js';
import { VerifiedCredentials } from './verified-credentials.js';

@Module({
  imports: [ThrottlingModule, UsersModule, ApiKeysModule],
  controllers: [AuthController, IpWhitelistController],
  providers: [
    AccessTokens,
    ApiKeyBearerStrategy,
    ApiKeyStrategy,
    AuthJobs,
    IpWhitelistStrategy,
    JwtStrategy,
    KnownAddresses,
    LoginService,
    RefreshTokens,
    SessionsRepository,
    SessionsService,
    TrustedAddressesRepository,
    TrustedAddressesService,
    VerifiedCredentials,
  ],
  exports: [VerifiedCredentials, SessionsService],
})
export class AuthModule {
  constructor(
    catalogue: PermissionCatalogue,
    lastUse: LastUseService,
    principals: KnownPrincipals,
    addresses: KnownAddresses,
    trusted: TrustedAddressesService,
  ) {
    catalogue.declare(IpWhitelistPermissions);
    principals.register(addresses);
    lastUse.register('address', (_principal, { at, address }) => trusted.noteUse(address, at));
  }
}
