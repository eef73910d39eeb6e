import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RequirePermission } from '../common/access.decorators.js';
import { IfMatch, type Precondition, Versioned } from '../common/etag.js';
import { IdPipe } from '../common/id.pipe.js';
import { type ListResponse, listResponse } from '../common/page.js';
import { CurrentPrincipal } from '../common/current-principal.js';
import type { Principal } from '../common/principal.js';
import { Refuses } from '../common/refuses.decorator.js';
import { MayStepUp, StepUp, StepUpErrors } from '../common/step-up.decorator.js';
import type { Once } from '../platform/idempotency/idempotency.pipe.js';
import { Idempotent } from '../platform/idempotency/idempotent.decorator.js';
import { PasswordErrors } from '../platform/secrets/password-policy.js';
import { RbacErrors } from '../rbac/rbac.errors.js';
import { RolePermissions } from '../rbac/rbac.permissions.js';
import {
  CreateUserRequest,
  ListUsersQuery,
  SetUserRolesRequest,
  UpdateUserRequest,
  UserList,
  UserResponse,
} from './users.dto.js';
import { PasswordLinksService } from './password-links.service.js';
import { UserErrors } from './users.errors.js';
import { UserPermissions } from './users.permissions.js';
import { UsersService } from './users.service.js';

@ApiTags('Users')
@Controller('crm/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly passwordLinks: PasswordLinksService,
  ) {}

  /** List users. */
  @Get()
  @RequirePermission(UserPermissions.view)
  @ApiOkResponse({ type: UserList })
  @Refuses(403, UserErrors.fieldsHidden)
  async list(
    @CurrentPrincipal() principal: Principal,
    @Query() query: ListUsersQuery,
  ): Promise<ListResponse<UserResponse>> {
    return listResponse(await this.users.list(principal, query), this.users.presenter(principal));
  }

  /** Create a user. */
  @Post()
  @Versioned()
  @RequirePermission(UserPermissions.create)
  @MayStepUp('it gives roles')
  @Refuses(403, RbacErrors.cannotGrant, UserErrors.beyondYourCustomers, StepUpErrors.stepUpRequired)
  @Refuses(409, UserErrors.emailTaken)
  @Refuses(422, PasswordErrors.tooCommon, PasswordErrors.isEmail)
  async create(
    @CurrentPrincipal() principal: Principal,
    @Body() body: CreateUserRequest,
    @Idempotent() once: Once,
  ): Promise<UserResponse> {
    return once(async () => this.users.presenter(principal)(await this.users.create(principal, body)));
  }

  /** Read one user. */
  @Get(':user_id')
  @RequirePermission(UserPermissions.view)
  @Versioned()
  @Refuses(404, UserErrors.notFound)
  async get(@CurrentPrincipal() principal: Principal, @Param('user_id', IdPipe) userId: number): Promise<UserResponse> {
    return this.users.presenter(principal)(await this.users.getFor(principal, userId));
  }

  /** Edit a user. A deactivated one is refused on the very next request. */
  @Patch(':user_id')
  @RequirePermission(UserPermissions.update)
  @ApiOkResponse({ type: UserResponse })
  @ApiNoContentResponse({ description: 'Changed, by somebody who may not see the user.' })
  @Versioned()
  @Refuses(
    403,
    UserErrors.targetAboveYou,
    UserErrors.foreignCustomers,
    UserErrors.fieldsForbidden,
    UserErrors.beyondYourCustomers,
  )
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, UserErrors.selfDeactivation, UserErrors.lastAdministrator)
  async update(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: UpdateUserRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<UserResponse | undefined> {
    return UserResponse.orNothing(
      await this.users.update(principal, userId, body, ifMatch),
      this.users.presenter(principal),
    );
  }

  /** Replace a user's roles. Nobody gives what they do not hold. */
  @Put(':user_id/roles')
  @RequirePermission(RolePermissions.assign)
  @StepUp()
  @ApiOkResponse({ type: UserResponse })
  @ApiNoContentResponse({ description: 'Changed, by somebody who may not see the user.' })
  @Versioned()
  @Refuses(
    403,
    RbacErrors.cannotGrant,
    UserErrors.targetAboveYou,
    UserErrors.foreignCustomers,
    StepUpErrors.stepUpRequired,
  )
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, UserErrors.lastAdministrator)
  async setRoles(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @Body() body: SetUserRolesRequest,
    @IfMatch() ifMatch: Precondition,
  ): Promise<UserResponse | undefined> {
    return UserResponse.orNothing(
      await this.users.setRoles(principal, userId, body.roles, ifMatch),
      this.users.presenter(principal),
    );
  }

  /** Delete a user. Records keep the name; sessions and keys that are bound to the user end at once. */
  @Delete(':user_id')
  @HttpCode(204)
  @RequirePermission(UserPermissions.delete)
  @Refuses(403, UserErrors.targetAboveYou, UserErrors.foreignCustomers)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, UserErrors.selfRemoval, UserErrors.lastAdministrator)
  async remove(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.users.remove(principal, userId, ifMatch);
  }

  /** Mail a user a link to choose a new password. The present one stays good until then. Who is invited is invited again. */
  @Post(':user_id/reset-password')
  @HttpCode(204)
  @RequirePermission(UserPermissions.resetPassword)
  @Refuses(403, UserErrors.targetAboveYou, UserErrors.foreignCustomers)
  @Refuses(404, UserErrors.notFound)
  @Refuses(409, UserErrors.deactivated)
  async resetPassword(
    @CurrentPrincipal() principal: Principal,
    @Param('user_id', IdPipe) userId: number,
  ): Promise<void> {
    await this.passwordLinks.mailTo(principal, userId);
  }
}
