import { Module } from '@nestjs/common';
import { LastUseService } from '../audit/last-use.service.js';
import { onConstraint } from '../platform/database/constraint-errors.js';
import { KnownPrincipals } from '../rbac/known-principals.js';
import { PermissionCatalogue } from '../rbac/permission-catalogue.js';
import { PresentGivers } from '../rbac/present-givers.js';
import { RoleAssignments } from '../rbac/role-assignments.js';
import { SubjectRows } from '../rbac/subject-rows.js';
import { AccountMails } from './account-mails.service.js';
import { AccountTokensRepository } from './account-tokens/account-tokens.repository.js';
import { AccountTokensService } from './account-tokens/account-tokens.service.js';
import { AddressProofs } from './address-proofs.service.js';
import { EmailChangesService } from './email-changes.service.js';
import { FirstAdministrator } from './first-administrator.service.js';
import { OwnAccountService } from './own-account.service.js';
import { InvitationsService } from './invitations.service.js';
import { KnownUsers } from './known-users.service.js';
import { PasswordLinksService } from './password-links.service.js';
import { SignupsService } from './signups.service.js';
import { UserRoleHolders } from './role-holders.service.js';
import { TwoFactorDemand } from './two-factor-demand.service.js';
import { UserReach } from './user-reach.service.js';
import { UsersController } from './users.controller.js';
import { UserErrors } from './users.errors.js';
import { UserPermissions } from './users.permissions.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

@Module({
  controllers: [UsersController],
  providers: [
    AccountMails,
    AccountTokensRepository,
    AccountTokensService,
    AddressProofs,
    EmailChangesService,
    FirstAdministrator,
    InvitationsService,
    KnownUsers,
    OwnAccountService,
    PasswordLinksService,
    SignupsService,
    TwoFactorDemand,
    UserReach,
    UserRoleHolders,
    UsersRepository,
    UsersService,
  ],
  exports: [
    AccountTokensService,
    AddressProofs,
    FirstAdministrator,
    OwnAccountService,
    PasswordLinksService,
    SignupsService,
    TwoFactorDemand,
    UsersService,
  ],
})
export class UsersModule {
  constructor(
    catalogue: PermissionCatalogue,
    lastUse: LastUseService,
    assignments: RoleAssignments,
    holders: UserRoleHolders,
    principals: KnownPrincipals,
    known: KnownUsers,
    users: UsersService,
    givers: PresentGivers,
    rows: SubjectRows,
  ) {
    catalogue.declare(UserPermissions);
    onConstraint('uq_users_email_key', UserErrors.emailTaken);
    assignments.register(holders);
    principals.register(known);
    rows.register({ view: UserPermissions.view, parameter: 'user_id', find: users.within.bind(users) });
    givers.register('user', (id) => known.giver(id));
    lastUse.register('user', ({ id }, { at, address }) => users.noteUse(id ?? 0, at, address));
  }
}
