import { Module } from '@nestjs/common';
import type { Principal } from '../common/principal.js';
import { type LastUse, LastUseService } from '../audit/last-use.service.js';
import { KnownPrincipals } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { PresentGivers } from '../rbac/present-givers.js';
import { RoleAssignments } from '../rbac/role-assignments.js';
import { Settings } from '../platform/settings/settings.service.js';
import { UsersModule } from '../users/users.module.js';
import { AdviceController } from './advice/advice.controller.js';
import { AdviceService } from './advice/advice.service.js';
import { AlertsRepository } from './alerts/alerts.repository.js';
import { AlertsService } from './alerts/alerts.service.js';
import { ApiKeyAuthenticationService } from './api-key-authentication.service.js';
import { ApiKeyEventsService } from './api-key-events.service.js';
import { ApiKeysController } from './api-keys.controller.js';
import { ApiKeysJobs } from './api-keys.jobs.js';
import { ApiKeyPermissions } from './api-keys.permissions.js';
import { ApiKeysRepository } from './api-keys.repository.js';
import { ApiKeysService } from './api-keys.service.js';
import { ConfigKeysService } from './config-keys.service.js';
import { ExpiryService } from './expiry/expiry.service.js';
import { ChildrenRepository } from './children/children.repository.js';
import { ChildrenService } from './children/children.service.js';
import { KeyParentsService } from './children/key-parents.service.js';
import { KeyGivers } from './key-givers.service.js';
import { KnownKeys } from './known-keys.service.js';
import { KeyPrincipals } from './api-key.principals.js';
import { LeaksController } from './leaks/leaks.controller.js';
import { LeaksService } from './leaks/leaks.service.js';
import { NewKeysService } from './new-keys.service.js';
import { OwnApiKeyController } from './own-api-key.controller.js';
import { KeyPeppersRepository } from './pepper/key-peppers.repository.js';
import { KeyPeppersService } from './pepper/key-peppers.service.js';
import { PersonalTokenPermissions } from './personal-tokens/personal-tokens.permissions.js';
import { PersonalTokensController } from './personal-tokens/personal-tokens.controller.js';
import { PersonalTokensService } from './personal-tokens/personal-tokens.service.js';
import { PersonalTokenSettings } from './personal-tokens/personal-tokens.settings.js';
import { PresentedKeysService } from './presented-keys.service.js';
import { KeyRoleHolders } from './role-holders.service.js';
import { RefusedGrantsInterceptor } from './refused-grants.interceptor.js';
import { RotationController } from './rotation/rotation.controller.js';
import { RotationRepository } from './rotation/rotation.repository.js';
import { RotationService } from './rotation/rotation.service.js';
import { KeyUsageService } from './usage/key-usage.service.js';
import { UsageController } from './usage/usage.controller.js';

@Module({
  imports: [UsersModule],
  controllers: [
    AdviceController,
    ApiKeysController,
    LeaksController,
    OwnApiKeyController,
    PersonalTokensController,
    RotationController,
    UsageController,
  ],
  providers: [
    AdviceService,
    AlertsRepository,
    AlertsService,
    ApiKeyEventsService,
    ApiKeysService,
    ApiKeysRepository,
    ApiKeysJobs,
    ApiKeyAuthenticationService,
    ChildrenRepository,
    ChildrenService,
    ConfigKeysService,
    ExpiryService,
    KeyGivers,
    KeyParentsService,
    KeyPeppersRepository,
    KeyPeppersService,
    KeyPrincipals,
    KeyUsageService,
    KeyRoleHolders,
    KnownKeys,
    LeaksService,
    NewKeysService,
    PersonalTokensService,
    PresentedKeysService,
    RotationRepository,
    RotationService,
    RefusedGrantsInterceptor,
  ],
  exports: [ApiKeysService, ApiKeyAuthenticationService, ConfigKeysService],
})
export class ApiKeysModule {
  constructor(
    catalogue: PermissionCatalogue,
    lastUse: LastUseService,
    assignments: RoleAssignments,
    holders: KeyRoleHolders,
    principals: KnownPrincipals,
    known: KnownKeys,
    apiKeys: ApiKeysService,
    settings: Settings,
    givers: PresentGivers,
    keyGivers: KeyGivers,
  ) {
    catalogue.declare(ApiKeyPermissions);
    catalogue.declare(PersonalTokenPermissions);
    settings.declare(PersonalTokenSettings.enabled);
    assignments.register(holders);
    principals.register(known.source('organization'));
    principals.register(known.source('personal'));
    givers.register('api_key', (id) => keyGivers.giver(id));
    givers.register('personal_token', (id) => keyGivers.giver(id));
    const sink = ({ id }: Principal, { at, address }: LastUse): Promise<void> => apiKeys.noteUse(id ?? 0, at, address);
    lastUse.register('api_key', sink);
    lastUse.register('personal_token', sink);
  }
}
